-- Raw rows of a stretch of time, for what explains a finding. Rows come about in the order of their times, so a page of summary finds them and a
-- writer pays nothing to speak of.
create index prediction_by_time on evenkeel.prediction using brin (ts) with (pages_per_range = 16, autosummarize = on);
