-- What analysts may read: no table that holds a person's words or ids, so nothing but names so far.
grant usage on schema tilt, ttt to tiltyard_analyst;
