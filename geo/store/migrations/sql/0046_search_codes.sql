-- The codes are a constant of each plan: looked up where they are few, hashed where they are many.
-- As a parameter of a statement they were compared one by one, with all rows of the layer.
CREATE OR REPLACE FUNCTION govgrid.derive_search_text(of_layer text, codes text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE
        'INSERT INTO govgrid.search_text (layer, code, exact, title, kind, sought, spot, geom, grams)'
        ' SELECT s.layer, s.code, s.exact, s.title, s.kind, l.lines, ST_PointOnSurface(s.geom), s.geom,'
        '     govgrid.text_grams(l.lines)'
        ' FROM govgrid.search_source s'
        ' CROSS JOIN LATERAL govgrid.sought_lines(s.texts) AS l (lines)'
        ' WHERE s.layer = $1 AND ($2 IS NULL OR s.code = ANY ($2))'
        '     AND l.lines IS NOT NULL AND NOT ST_IsEmpty(s.geom)'
    USING of_layer, codes;
END $$;
