-- Features that are vectors of a declared length.

alter table evenkeel.feature drop constraint feature_kind_check;
alter table evenkeel.feature add constraint feature_kind_check check (kind in ('numeric', 'categorical', 'vector'));
