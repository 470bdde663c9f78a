-- A dump is restored with an empty search path, where IS DISTINCT FROM finds no single "=" for
-- geometries. The operator below is dumped with its schema.
DROP TRIGGER moved ON govgrid.camera;
CREATE TRIGGER moved AFTER UPDATE OF geom ON govgrid.camera FOR EACH ROW
    WHEN ((NEW.geom IS NULL) <> (OLD.geom IS NULL) OR NOT NEW.geom = OLD.geom)
    EXECUTE FUNCTION govgrid.record_camera_change('moved');
