-- rollup: tilt.signal_days   version: 1
-- A row is one type of signal of one user on one UTC day; `events` is how many events carried it.
-- source: tilt.signals(occurred_at)   bucket: day, 1 day
-- index: user_id, day
-- column: user_id  Discord id of the user
-- column: type  Kind of signal, such as rage-keywords
-- column: events  Events that carried it [events]
-- column: severity_sum  Sum of the severities that were sent, each 0 to 10 [severity]
-- column: severities  Signals that came with a severity [signals]
-- column: confidence_sum  Sum of the confidences that were sent, each 0 to 1 [confidence]
-- column: confidences  Signals that came with a confidence [signals]
-- column: last_at  When the last one was measured
select time_bucket('1 day', occurred_at) as day, user_id, type, count(distinct event_id) as events,
  sum(severity) as severity_sum, count(severity) as severities,
  sum(confidence) as confidence_sum, count(confidence) as confidences, max(occurred_at) as last_at
from tilt.signals
group by day, user_id, type
