-- Appends the entry of correlation-mapping.json to what homer-app looks up with a SIP call, in place of an earlier version of it.
--   psql -d homer_config -v entry="$(cat correlation-mapping.json)" -f correlation-mapping.sql
BEGIN;
UPDATE mapping_schema
   SET correlation_mapping = (
         SELECT coalesce(jsonb_agg(kept), '[]')
           FROM jsonb_array_elements(correlation_mapping::jsonb) AS kept
          WHERE coalesce(kept->>'input_function_js', '') NOT LIKE '%msrps?:%'
       )::jsonb || :'entry'::jsonb
 WHERE hepid = 1 AND profile = 'call';
COMMIT;
