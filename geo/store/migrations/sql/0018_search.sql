-- Search: what each place, street, address, code and camera is found by, kept with every write.

CREATE TABLE govgrid.letter_reading (
    letter    text PRIMARY KEY,
    initials  text NOT NULL,
    syllables text NOT NULL
);
COMMENT ON TABLE govgrid.letter_reading IS
    'how a Chinese letter is read, without tones, the usual reading first, separated by blanks; filled by the migration';

CREATE FUNCTION govgrid.fold_text(written text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT translate(
        lower(normalize(written, NFKC)),
        'ü' || E' \t\r\n\v\f' || '-_/\.,:;、。·・()[]{}<>《》〈〉「」『』【】〔〕"''`“”‘’#&+*=|!?@~^$%—–‐―…°',
        'v')
$$;
COMMENT ON FUNCTION govgrid.fold_text IS
    'a text as it is sought: full-width forms, capitals, blanks and punctuation do not count';

CREATE FUNCTION govgrid.number_text(folded text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    found  text := translate(folded, '〇零一二三四五六七八九两幺壹贰叁肆伍陆柒捌玖拾佰仟', '0012345678921123456789十百千');
    run    text;
    letter text;
    total  integer;
    last   integer;
BEGIN
    WHILE found ~ '[十百千]' LOOP
        run := substring(found FROM '[0-9]{0,1}[十百千](?:[0-9]{0,2}[十百千])*0?[0-9]?');
        total := 0;
        last := NULL;
        FOREACH letter IN ARRAY string_to_array(run, NULL) LOOP
            IF letter BETWEEN '0' AND '9' THEN
                last := letter::integer;
            ELSE
                total := total + coalesce(nullif(last, 0), 1)
                    * CASE letter WHEN '十' THEN 10 WHEN '百' THEN 100 ELSE 1000 END;
                last := NULL;
            END IF;
        END LOOP;
        found := overlay(found PLACING (total + coalesce(last, 0))::text
            FROM strpos(found, run) FOR length(run));
    END LOOP;
    RETURN found;
END $$;
COMMENT ON FUNCTION govgrid.number_text IS 'a folded text with Chinese numerals as digits: 十二号 is 12号';

CREATE FUNCTION govgrid.spell_choices(choices text[], most integer) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    found   text[] := ARRAY[''];
    choice  text;
    options text[];
BEGIN
    FOREACH choice IN ARRAY choices LOOP
        IF strpos(choice, ' ') = 0 AND cardinality(found) = 1 THEN
            found[1] := found[1] || choice;
            CONTINUE;
        END IF;
        options := string_to_array(choice, ' ');
        IF cardinality(found) * cardinality(options) > most THEN
            options := options[1:1];
        END IF;
        found := ARRAY(SELECT f || o FROM unnest(found) f, unnest(options) o);
    END LOOP;
    RETURN found;
END $$;
COMMENT ON FUNCTION govgrid.spell_choices IS
    'the texts that a list of choices spells; where that would be more than most, further choices are the first one';

CREATE FUNCTION govgrid.spell_text(folded text) RETURNS text[] LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
    heads  text[];
    wholes text[];
BEGIN
    SELECT array_agg(coalesce(r.initials, l.letter) ORDER BY l.n),
        array_agg(coalesce(r.syllables, l.letter) ORDER BY l.n)
    INTO heads, wholes
    FROM unnest(string_to_array(folded, NULL)) WITH ORDINALITY AS l (letter, n)
    LEFT JOIN govgrid.letter_reading r ON r.letter = l.letter
    HAVING count(r.letter) > 0;
    IF heads IS NULL THEN
        RETURN '{}';
    END IF;
    RETURN govgrid.spell_choices(heads, 16) || govgrid.spell_choices(wholes, 4);
END $$;
COMMENT ON FUNCTION govgrid.spell_text IS 'initials and full pinyin of a folded text, none where it holds no Chinese letter';

-- Lines: each text folded, then with digits, then spelt. A match at the beginning of a line is better
-- than one inside, and one of a whole line is the best.
CREATE FUNCTION govgrid.sought_lines(texts text[]) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT E'\n' || string_agg(line, E'\n' ORDER BY turn, n) || E'\n'
    FROM (
        SELECT l.line, min(l.turn) AS turn, min(t.n) AS n
        FROM unnest(texts) WITH ORDINALITY AS t (written, n)
        CROSS JOIN LATERAL govgrid.fold_text(t.written) AS f (folded)
        CROSS JOIN LATERAL (
            SELECT f.folded, 1
            UNION ALL SELECT govgrid.number_text(f.folded), 2
            UNION ALL SELECT s, 3 FROM unnest(govgrid.spell_text(f.folded)) s
        ) AS l (line, turn)
        WHERE l.line <> '' GROUP BY l.line
    ) lines
$$;

CREATE FUNCTION govgrid.text_grams(lines text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT gram), '{}')
    FROM (
        SELECT letter, lead(letter) OVER w AS second, lead(letter, 2) OVER w AS third
        FROM unnest(string_to_array(lines, NULL)) WITH ORDINALITY AS l (letter, n) WINDOW w AS (ORDER BY n)
    ) p
    CROSS JOIN LATERAL (
        SELECT letter || second WHERE second <> E'\n'
        UNION ALL SELECT letter || second || third
        WHERE letter <> E'\n' AND second <> E'\n' AND third <> E'\n' AND octet_length(letter || second || third) = 3
    ) AS g (gram)
$$;
COMMENT ON FUNCTION govgrid.text_grams IS
    'pieces by which an index finds lines: two letters each, three of letters and digits, and a line''s first one behind its beginning';

CREATE TABLE govgrid.search_text (
    layer  text NOT NULL,
    code   text NOT NULL,
    exact  boolean NOT NULL,
    title  text NOT NULL,
    kind   text,
    sought text NOT NULL,
    spot   geometry(Point, 4326) NOT NULL,
    geom   geometry(Geometry, 4326) NOT NULL,
    grams  text[] NOT NULL,
    PRIMARY KEY (layer, code, exact)
);
COMMENT ON TABLE govgrid.search_text IS 'derived: see the view search_source, and the triggers seek_…';
COMMENT ON COLUMN govgrid.search_text.code IS 'of a row of the layer; of an area the id of its version';
COMMENT ON COLUMN govgrid.search_text.exact IS 'words that only a grant of exact places opens: see geo/access/predicates.py';
COMMENT ON COLUMN govgrid.search_text.geom IS 'of a camera its coarse place';
CREATE INDEX search_text_grams ON govgrid.search_text USING gin (grams);
CREATE INDEX search_text_road ON govgrid.search_text (code) WHERE layer = 'road';
CREATE INDEX search_text_road_geom ON govgrid.search_text USING gist (geom) WHERE layer = 'road';
ALTER TABLE govgrid.search_text ENABLE ROW LEVEL SECURITY;
CREATE POLICY drawn ON govgrid.search_text FOR SELECT TO govgrid_read USING (true);
GRANT SELECT ON govgrid.search_text TO govgrid_read;

CREATE VIEW govgrid.search_source WITH (security_invoker = true) AS
    SELECT 'area' AS layer, id::text AS code, false AS exact, name AS title, level AS kind,
        ARRAY[name, code, local_code] AS texts, geom FROM govgrid.area
    UNION ALL SELECT 'camera', code, false, '', owner_kind, ARRAY[code], coarse_geom FROM govgrid.camera
    UNION ALL SELECT 'camera', code, true, name, owner_kind, ARRAY[name, site, local_code, address],
        coarse_geom FROM govgrid.camera
    UNION ALL SELECT 'place', code, false, name, kind, ARRAY[name, code], geom FROM govgrid.place
    UNION ALL SELECT 'entrance', code, false, coalesce(name, ''), kind, ARRAY[name, code], geom FROM govgrid.entrance
    UNION ALL SELECT 'centre', code, false, name, level, ARRAY[name, address, code], geom FROM govgrid.centre
    UNION ALL SELECT 'address', code, false, name, kind, ARRAY[name, alias, code], geom FROM govgrid.address
    UNION ALL SELECT 'pole', code, false, coalesce(name, ''), kind, ARRAY[name, code], geom FROM govgrid.pole
    UNION ALL SELECT 'road', code, false, name, class, ARRAY[name], geom FROM govgrid.road WHERE name <> ''
    UNION ALL SELECT 'building', code, false, name, kind, ARRAY[name], geom FROM govgrid.building WHERE name <> ''
    UNION ALL SELECT 'water', code, false, name, kind, ARRAY[name], geom FROM govgrid.water WHERE name <> '';
COMMENT ON VIEW govgrid.search_source IS
    'what is sought by: restricted zones have no search, incidents are found by their code alone, privacy zones are no place to go to';

CREATE VIEW govgrid.search_camera WITH (security_invoker = true) AS
    SELECT code, name, owner_kind, geom, coarse_geom FROM govgrid.camera;
COMMENT ON VIEW govgrid.search_camera IS 'for the search: where a camera is that was found by its words or code';
CREATE VIEW govgrid.search_incident WITH (security_invoker = true) AS
    SELECT code, title, geom FROM govgrid.incident;
COMMENT ON VIEW govgrid.search_incident IS 'for the search: incidents by their code';
GRANT SELECT ON govgrid.search_camera TO govgrid_read, govgrid_web;
GRANT SELECT ON govgrid.search_incident TO govgrid_web;

CREATE FUNCTION govgrid.derive_search_text(of_layer text, codes text[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO govgrid.search_text (layer, code, exact, title, kind, sought, spot, geom, grams)
    SELECT s.layer, s.code, s.exact, s.title, s.kind, l.lines, ST_PointOnSurface(s.geom), s.geom,
        govgrid.text_grams(l.lines)
    FROM govgrid.search_source s
    CROSS JOIN LATERAL govgrid.sought_lines(s.texts) AS l (lines)
    WHERE s.layer = of_layer AND (codes IS NULL OR s.code = ANY (codes))
        AND l.lines IS NOT NULL AND NOT ST_IsEmpty(s.geom)
$$;

CREATE FUNCTION govgrid.keep_search_text() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    of_layer text := TG_ARGV[0];
    columns  text := TG_ARGV[1];
    codes    text[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM govgrid.search_text WHERE layer = of_layer;
        RETURN NULL;
    END IF;
    EXECUTE CASE TG_OP
        WHEN 'INSERT' THEN format('SELECT array_agg(DISTINCT key) FROM (SELECT %s FROM new_rows) r', columns)
        WHEN 'DELETE' THEN format('SELECT array_agg(DISTINCT key) FROM (SELECT %s FROM old_rows) r', columns)
        ELSE format(
            'SELECT array_agg(DISTINCT key) FROM ((SELECT %1$s FROM new_rows EXCEPT SELECT %1$s FROM old_rows)'
            ' UNION ALL (SELECT %1$s FROM old_rows EXCEPT SELECT %1$s FROM new_rows)) r', columns)
        END INTO codes;
    IF codes IS NULL THEN
        RETURN NULL;
    END IF;
    DELETE FROM govgrid.search_text WHERE layer = of_layer AND code = ANY (codes);
    IF TG_OP <> 'DELETE' THEN
        PERFORM govgrid.derive_search_text(of_layer, codes);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION govgrid.track_search_text(name text, columns text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    event text;
BEGIN
    FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete'] LOOP
        EXECUTE format(
            'CREATE TRIGGER seek_%s AFTER %s ON govgrid.%I REFERENCING %s FOR EACH STATEMENT'
            ' EXECUTE FUNCTION govgrid.keep_search_text(%L, %L)',
            event, event, name,
            CASE event WHEN 'insert' THEN 'NEW TABLE AS new_rows'
                WHEN 'delete' THEN 'OLD TABLE AS old_rows'
                ELSE 'NEW TABLE AS new_rows OLD TABLE AS old_rows' END,
            name, columns);
    END LOOP;
    EXECUTE format(
        'CREATE TRIGGER seek_truncate AFTER TRUNCATE ON govgrid.%I FOR EACH STATEMENT'
        ' EXECUTE FUNCTION govgrid.keep_search_text(%L, %L)', name, name, columns);
END $$;

-- The columns whose change is one of the search; the key is that of search_source.
SELECT govgrid.track_search_text(t.name, t.columns) FROM (VALUES
    ('area', 'id::text AS key, name, code, local_code, level, ST_AsEWKB(geom)'),
    ('camera', 'code AS key, name, site, local_code, address, owner_kind, ST_AsEWKB(coarse_geom)'),
    ('place', 'code AS key, name, kind, ST_AsEWKB(geom)'),
    ('entrance', 'code AS key, name, kind, ST_AsEWKB(geom)'),
    ('centre', 'code AS key, name, address, level, ST_AsEWKB(geom)'),
    ('address', 'code AS key, name, alias, kind, ST_AsEWKB(geom)'),
    ('pole', 'code AS key, name, kind, ST_AsEWKB(geom)'),
    ('road', 'code AS key, name, class, ST_AsEWKB(geom)'),
    ('building', 'code AS key, name, kind, ST_AsEWKB(geom)'),
    ('water', 'code AS key, name, kind, ST_AsEWKB(geom)')) AS t (name, columns);
