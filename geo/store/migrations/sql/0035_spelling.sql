-- Forms offer names by their pinyin: the web role reads how letters are spelled, which is no secret.
GRANT SELECT ON govgrid.letter_reading TO govgrid_web;
