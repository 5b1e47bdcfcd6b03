-- What analysts may read: every rollup (granted where its view is made), and no table of raw rows, which
-- hold people's words and names.
grant usage on schema tilt, ttt to tiltyard_analyst;
