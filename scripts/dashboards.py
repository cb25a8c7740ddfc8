#!/usr/bin/env python3
"""Writes dashboards/*.json, the Grafana dashboards, so that they stay alike.

    scripts/dashboards.py            writes them
    scripts/dashboards.py --check    says which are not what this script writes, and ends with 1

Queries name the metrics of Sources/Vocabulary/Metrics.swift only, none of the recorded ones: they work without the rules.
Gauges are the same in every process, so they are taken by `max`; counters are each process's own, so they are summed.
"""

import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "dashboards"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}

MODEL = 'job=~"$job",model=~"$model",version=~"$version"'
WINDOW = MODEL + ',window=~"$window"'

# What a monitor says, as a number that colours can be given to.
VERDICT = (
    'max by ({by}) ((evenkeel_verdict{{{where},verdict=~"drifted|unfair"}} == 1) * 3'
    ' or (evenkeel_verdict{{{where},verdict="negligible"}} == 1) * 2'
    ' or (evenkeel_verdict{{{where},verdict=~"insufficient|no_data"}} == 1) * 1'
    ' or (evenkeel_verdict{{{where},verdict=~"ok|fair"}} == 1) * 0)'
)
VERDICT_WORDS = [
    {
        "type": "value",
        "options": {
            "0": {"text": "ok", "color": "green", "index": 0},
            "1": {"text": "cannot judge", "color": "text", "index": 1},
            "2": {"text": "negligible", "color": "yellow", "index": 2},
            "3": {"text": "finding", "color": "red", "index": 3},
        },
    }
]


def steps(*pairs):
    """Thresholds: the colour from the first value on, then (value, colour)."""
    first, *rest = pairs
    return {"mode": "absolute", "steps": [{"color": first, "value": None}] + [{"color": c, "value": v} for v, c in rest]}


GREEN = steps("green")


def query(expr, legend="", instant=False, form="time_series", ref="A"):
    target = {"refId": ref, "datasource": SOURCE, "expr": expr, "legendFormat": legend, "format": form}
    target.update({"instant": True, "range": False} if instant else {"range": True})
    return target


def panel(kind, title, about, targets, w, h, options, unit=None, thresholds=GREEN, links=(), **defaults):
    for target, ref in zip(targets, "ABCDEFGH"):
        target["refId"] = ref
    field = {"thresholds": thresholds, **defaults}
    if unit:
        field["unit"] = unit
    if links:
        field["links"] = list(links)
    return {
        "type": kind, "title": title, "description": about, "datasource": SOURCE, "gridPos": {"w": w, "h": h},
        "targets": targets, "options": options, "fieldConfig": {"defaults": field, "overrides": []},
    }


def stat(title, about, expr, unit="short", legend="", w=4, h=4, thresholds=GREEN, text="auto", **more):
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "values": False}, "colorMode": "value", "graphMode": "none",
        "textMode": text, "justifyMode": "auto", "orientation": "auto",
    }
    return panel("stat", title, about, [query(expr, legend, instant=True)], w, h, options, unit, thresholds, **more)


def lines(title, about, targets, unit="short", w=12, h=8, stacked=False, floor=None, **more):
    options = {
        "legend": {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["lastNotNull", "max"]},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    custom = {"lineWidth": 1, "fillOpacity": 20 if stacked else 0, "showPoints": "auto", "spanNulls": False}
    if stacked:
        custom["stacking"] = {"mode": "normal", "group": "A"}
    if "thresholds" in more:
        custom["thresholdsStyle"] = {"mode": "dashed"}
    if floor is not None:
        more["min"] = floor
    return panel("timeseries", title, about, targets, w, h, options, unit, custom=custom, color={"mode": "palette-classic"}, **more)


def history(title, about, expr, legend, h, unit="short", w=24, **more):
    """Rows of coloured cells over time: the heat map of things that have names."""
    options = {
        "showValue": "never", "rowHeight": 0.9, "colWidth": 0.9,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "single", "sort": "none"},
    }
    out = panel("status-history", title, about, [query(expr, legend)], w, h, options, unit, **more)
    out["maxDataPoints"] = 120
    return out


def table(title, about, targets, transformations, w=24, h=8, unit="short", overrides=(), **more):
    options = {"showHeader": True, "cellHeight": "sm"}
    out = panel("table", title, about, targets, w, h, options, unit, **more)
    out["transformations"] = transformations
    out["fieldConfig"]["overrides"] = list(overrides)
    return out


def row(title):
    return {"type": "row", "title": title, "gridPos": {"w": 24, "h": 1}, "collapsed": False, "panels": []}


def variable(name, label, source, multi=False, everything=False, regex=""):
    out = {
        "name": name, "label": label, "type": "query", "datasource": SOURCE, "query": {"query": source, "refId": name},
        "refresh": 2, "sort": 1, "multi": multi, "includeAll": everything, "regex": regex,
    }
    if everything:
        out["allValue"] = ".*"
        out["current"] = {"text": "All", "value": "$__all", "selected": True}
    return out


def choice(name, label, values, current=None):
    current = current or values[0]
    return {
        "name": name, "label": label, "type": "custom", "query": ",".join(values),
        "current": {"text": current, "value": current, "selected": True},
        "options": [{"text": v, "value": v, "selected": v == current} for v in values],
    }


DATASOURCE = {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "refresh": 1}
JOB = variable("job", "Job", "label_values(evenkeel_build_info, job)")
ONE_MODEL = [
    DATASOURCE,
    JOB,
    variable("model", "Model", 'label_values(evenkeel_alerts_firing{job=~"$job"}, model)'),
    variable("version", "Version", 'label_values(evenkeel_evaluation_age_seconds{job=~"$job",model=~"$model"}, version)'),
    choice("window", "Window", ["hour", "day"]),
]


def dashboard(uid, title, about, variables, panels, since):
    """Places each panel as high as it fits, then as far to the left."""
    ends = [0] * 24
    for number, p in enumerate(panels, 1):
        w, h = p["gridPos"]["w"], p["gridPos"]["h"]
        y, x = min((max(ends[x : x + w]), x) for x in range(25 - w))
        p["gridPos"].update(x=x, y=y)
        ends[x : x + w] = [y + h] * w
        p["id"] = number
    return {
        "uid": uid, "title": title, "description": about, "tags": ["evenkeel"], "schemaVersion": 38, "version": 1, "editable": True,
        "graphTooltip": 1, "refresh": "1m", "timezone": "", "time": {"from": since, "to": "now"},
        "templating": {"list": variables}, "panels": panels,
        "links": [{
            "title": "Evenkeel", "type": "dashboards", "tags": ["evenkeel"], "asDropdown": True, "includeVars": True, "keepTime": True,
            "targetBlank": False, "icon": "external link", "tooltip": "", "url": "",
        }],
        "annotations": {"list": [{
            "name": "Alerts", "datasource": SOURCE, "enable": True, "hide": False, "iconColor": "red",
            "expr": 'ALERTS{alertname=~"Evenkeel.*",alertstate="firing",job=~"$job"}',
        }]},
    }


def link(title, uid, *fields, same=()):
    """To another dashboard, with labels of what was clicked on, and with the same values of other variables."""
    url = f"/d/{uid}?${{__url_time_range}}" + "".join(f"&${{{name}:queryparam}}" for name in ("datasource", "job", *same))
    return {"title": title, "url": url + "".join(f"&var-{f}=${{__field.labels.{f}}}" for f in fields)}


TO_MODEL = link("Open the model", "evenkeel-model", "model", "version")


def fleet():
    where = 'job=~"$job"'
    per_model = {"links": [link("Open the model", "evenkeel-model", "model")]}
    code = VERDICT.format(by="model, version, monitor", where=where)
    return dashboard(
        "evenkeel-fleet", "Evenkeel / Fleet", "All models: what is said about them, and what comes in.", [DATASOURCE, JOB],
        [
            stat("Models", "Models with a version that is not retired.",
                 'count(count by (model) (evenkeel_alerts_firing{job=~"$job"})) or vector(0)'),
            stat("Models with a finding", "Models of which a monitor says drifted or unfair over its newest hour or day.",
                 'count(max by (model) (evenkeel_verdict{job=~"$job",verdict=~"drifted|unfair"}) == 1) or vector(0)',
                 thresholds=steps("green", (1, "orange"))),
            stat("Critical alerts", "Evenkeel's own alerts of severity critical that fire.",
                 'sum(max by (model) (evenkeel_alerts_firing{job=~"$job",severity="critical"})) or vector(0)',
                 thresholds=steps("green", (1, "red"))),
            stat("Other alerts", "Evenkeel's own alerts of severity warning and info that fire.",
                 'sum(max by (model, severity) (evenkeel_alerts_firing{job=~"$job",severity!="critical"})) or vector(0)',
                 thresholds=steps("green", (1, "orange"))),
            stat("Predictions", "Predictions stored in a second, all models.",
                 'sum(rate(evenkeel_predictions_total{job=~"$job"}[$__rate_interval])) or vector(0)', "cps"),
            stat("Oldest evaluation", "Of the version that was evaluated longest ago. Versions without traffic are not evaluated.",
                 'max(evenkeel_evaluation_age_seconds{job=~"$job"})', "s", thresholds=steps("green", (10800, "orange"))),
            table("What the monitors say", "A row a version, a column a monitor. A finding of the newest hour or day wins.",
                  [query(f'label_join({code}, "at", " ", "model", "version")', instant=True, form="table")],
                  [{"id": "groupingToMatrix", "options": {"columnField": "monitor", "rowField": "at", "valueField": "Value"}},
                   {"id": "organize", "options": {"renameByName": {"at\\monitor": "version"}, "excludeByName": {}, "indexByName": {}}}],
                  mappings=VERDICT_WORDS, custom={"align": "auto", "cellOptions": {"type": "color-background", "mode": "basic"}},
                  thresholds=steps("green", (1, "text"), (2, "yellow"), (3, "red")),
                  overrides=[{"matcher": {"id": "byName", "options": "version"}, "properties": [
                      {"id": "custom.cellOptions", "value": {"type": "auto"}}, {"id": "mappings", "value": []}]}]),
            history("The worst that was said", "Each version over time: the worst verdict of all its monitors.",
                    VERDICT.format(by="model, version", where=where), "{{model}} {{version}}", 8,
                    mappings=VERDICT_WORDS, thresholds=steps("green", (1, "text"), (2, "yellow"), (3, "red")),
                    color={"mode": "thresholds"}, links=[TO_MODEL]),
            lines("Predictions by model", "Predictions stored in a second.",
                  [query('sum by (model) (rate(evenkeel_predictions_total{job=~"$job"}[$__rate_interval]))', "{{model}}")],
                  "cps", floor=0, **per_model),
            lines("Failed predictions by model", "Share of the predictions that their callers marked as failed.",
                  [query('sum by (model) (rate(evenkeel_prediction_errors_total{job=~"$job"}[$__rate_interval]))'
                         ' / (sum by (model) (rate(evenkeel_predictions_total{job=~"$job"}[$__rate_interval])) > 0)', "{{model}}")],
                  "percentunit", floor=0, **per_model),
            lines("Label coverage by version", "Share of the predictions of the newest evaluated hour that have their label.",
                  [query('max by (model, version) (evenkeel_label_coverage_ratio{job=~"$job",window="hour"})',
                         "{{model}} {{version}}")], "percentunit", floor=0, max=1, links=[TO_MODEL]),
            lines("Age of the newest evaluation", "Since each version was evaluated last: up to an hour and a quarter with steady traffic.",
                  [query('max by (model, version) (evenkeel_evaluation_age_seconds{job=~"$job"})', "{{model}} {{version}}")],
                  "s", floor=0, thresholds=steps("green", (10800, "orange")), links=[TO_MODEL]),
            lines("Alerts that fire", "Evenkeel's own alerts by model and severity, as its policies decide them; of champions only.",
                  [query('max by (model, severity) (evenkeel_alerts_firing{job=~"$job"})', "{{model}} {{severity}}")],
                  floor=0, decimals=0, **per_model),
            lines("Cost by currency", "Cost of the predictions, as sent with them, in an hour. The unit is the currency of the legend.",
                  [query('sum by (currency) (rate(evenkeel_prediction_cost_total{job=~"$job"}[$__rate_interval])) * 3600',
                         "{{currency}} an hour")], floor=0),
        ], "now-24h")


def model():
    def gauge(name, by, more=""):
        return f"max by ({by}) ({name}{{{WINDOW}{more}}})"

    drift = gauge("evenkeel_feature_drift", "feature", ',statistic=~"$statistic"')
    heat = {"color": {"mode": "continuous-GrYlRd"}, "min": 0}
    variables = ONE_MODEL + [choice("statistic", "Drift statistic", ["psi", "ks", "jensen_shannon", "chi_squared", "mean_shift"])]
    return dashboard(
        "evenkeel-model", "Evenkeel / Model", "One version of a model: drift, scores, performance, calibration.", variables,
        [
            history("What the monitors say", "Over the newest hour and day; a finding wins. Cannot judge: too few rows, or no labels.",
                    VERDICT.format(by="monitor", where=MODEL), "{{monitor}}", 8, w=16, mappings=VERDICT_WORDS,
                    thresholds=steps("green", (1, "text"), (2, "yellow"), (3, "red")), color={"mode": "thresholds"},
                    links=[link("Open fairness", "evenkeel-fairness", same=["model", "version", "window"]),
                           link("Open the candidates", "evenkeel-shadow", same=["model"])]),
            stat("Alerts that fire", "Evenkeel's own alerts about the champion of this model.",
                 'sum(max by (severity) (evenkeel_alerts_firing{job=~"$job",model=~"$model"}))',
                 thresholds=steps("green", (1, "orange"))),
            stat("Newest evaluation", "How long ago this version was evaluated.", f"max(evenkeel_evaluation_age_seconds{{{MODEL}}})", "s",
                 thresholds=steps("green", (10800, "orange"))),
            stat("Label coverage", "Share of the window's predictions that have their label.",
                 f"max(evenkeel_label_coverage_ratio{{{WINDOW}}})", "percentunit"),
            stat("Predictions", "Predictions of this version stored in a second.",
                 f"sum(rate(evenkeel_predictions_total{{{MODEL}}}[$__rate_interval]))", "cps"),
            lines("Changes of the errors", "Changes that detectors saw in the errors of labelled predictions, in a day.",
                  [query(f"max by (detector) (increase(evenkeel_error_changes_total{{{MODEL}}}[1d]))", "{{detector}}")], floor=0, h=4, w=16,
                  thresholds=steps("green", (1, "red"))),
            stat("Budget of alerts", "Alerts that began to fire in the time of their budget, false or not, less what the budget allows: above 0 "
                 "something changed, or the baseline does not know how much windows differ.",
                 'max(max by (policy) (evenkeel_alert_budget_fired{job=~"$job",model=~"$model"})'
                 ' - max by (policy) (evenkeel_alert_budget{job=~"$job",model=~"$model"})) or vector(0)', w=8,
                 thresholds=steps("green", (0.001, "orange"))),
            row("Features"),
            history("Drift of the features: $statistic",
                    "Distance of each feature from the baseline in the newest window, by the statistic that is chosen above. "
                    "psi, ks and jensen_shannon matter from 0.1 on by default. A feature has the statistics of its kind only.",
                    drift, "{{feature}}", 12, **heat),
            table("Features that moved most", "The newest window: distance by the chosen statistic, its p-value before correction, and "
                  "the share of missing values.",
                  [query(f"topk(20, {drift})", instant=True, form="table"),
                   query(gauge("evenkeel_feature_drift_pvalue", "feature", ',statistic=~"$statistic"'), instant=True, form="table"),
                   query(gauge("evenkeel_feature_missing_ratio", "feature"), instant=True, form="table")],
                  [{"id": "joinByField", "options": {"byField": "feature", "mode": "outer"}},
                   {"id": "organize", "options": {
                       "excludeByName": {"Time": True, "Time 1": True, "Time 2": True, "Time 3": True}, "indexByName": {},
                       "renameByName": {"Value #A": "distance", "Value #B": "p-value", "Value #C": "missing"}}},
                   {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": "distance", "desc": True}]}}], w=12, decimals=4,
                  overrides=[{"matcher": {"id": "byName", "options": "missing"}, "properties": [
                      {"id": "unit", "value": "percentunit"}, {"id": "decimals", "value": 1}]}]),
            lines("Missing values", "Share of missing values of each feature.",
                  [query(gauge("evenkeel_feature_missing_ratio", "feature"), "{{feature}}")], "percentunit", floor=0),
            lines("Out of range and unseen", "Share of values outside the reference's range, of levels that it does not have; 1 for a "
                  "feature that became constant. Only what is above 0 is drawn.",
                  [query(gauge("evenkeel_data_quality", "feature, statistic") + " > 0 or vector(0)", "{{feature}} {{statistic}}")],
                  "percentunit", floor=0),
            lines("Correlation of the numeric features", "The largest change of the correlation of two features. From 0.2 on it matters "
                  "by default.", [query(gauge("evenkeel_joint_drift", "statistic", ',statistic="correlation"'), "{{statistic}}")],
                  floor=0, w=4, thresholds=steps("green", (0.2, "red"))),
            lines("Reconstruction error", "Of the numeric features together, as a ratio to the reference's: 1 is no change. From 0.1 away "
                  "from it on it matters by default.",
                  [query(gauge("evenkeel_joint_drift", "statistic", ',statistic="reconstruction_error"'), "{{statistic}}")], w=4),
            lines("MMD", "Squared maximum mean discrepancy of the numeric features together: 0 for equal distributions.",
                  [query(gauge("evenkeel_joint_drift", "statistic", ',statistic="mmd"'), "{{statistic}}")], w=4),
            row("Scores, performance and calibration"),
            lines("Drift of the scores", "Distance of the scores from the baseline, by statistic.",
                  [query(gauge("evenkeel_prediction_drift", "statistic"), "{{statistic}}")],
                  floor=0, thresholds=steps("green", (0.1, "red"))),
            lines("Calibration error", "ece: by how much scores are off on average; mce: in the worst bin. 0 is perfect.",
                  [query(gauge("evenkeel_calibration_error", "statistic"), "{{statistic}}")], floor=0),
            lines("Performance, the higher the better", "From the labels of the newest window: 1 is perfect.",
                  [query(gauge("evenkeel_performance", "metric, kind",
                               ',metric=~"accuracy|balanced_accuracy|f1_macro|r2|roc_auc"'), "{{metric}} {{kind}}")], max=1),
            lines("Performance, the lower the better", "From the labels of the newest window: 0 is perfect. mae, mean_error and rmse have "
                  "the unit of the labels.",
                  [query(gauge("evenkeel_performance", "metric, kind", ',metric=~"brier|log_loss|mae|mean_error|rmse"'),
                         "{{metric}} {{kind}}")]),
            row("Traffic"),
            lines("Predictions and labels", "Stored in a second. Labels are those of the model, whatever the version.",
                  [query(f"sum(rate(evenkeel_predictions_total{{{MODEL}}}[$__rate_interval]))", "predictions"),
                   query('sum(rate(evenkeel_labels_total{job=~"$job",model=~"$model"}[$__rate_interval]))', "labels")],
                  "cps", floor=0),
            lines("Label coverage over time", "Share of the window's predictions that have their label. It rises while labels come in.",
                  [query(gauge("evenkeel_label_coverage_ratio", "window"), "{{window}}")], "percentunit", floor=0, max=1),
            lines("Failed predictions", "By the counters now, and in the newest evaluated window. The objective is 0.1 % by default.",
                  [query(f"sum(rate(evenkeel_prediction_errors_total{{{MODEL}}}[$__rate_interval]))"
                         f" / (sum(rate(evenkeel_predictions_total{{{MODEL}}}[$__rate_interval])) > 0)", "now"),
                   query(gauge("evenkeel_service_level", "window", ',statistic="error_ratio"'), "{{window}}")],
                  "percentunit", floor=0, thresholds=steps("green", (0.001, "red"))),
            lines("Latency", "As sent with the predictions: quantiles from the histogram, whose last bound is 10 s.",
                  [query(f"histogram_quantile({q}, sum by (le) (rate(evenkeel_prediction_latency_seconds_bucket{{{MODEL}}}"
                         "[$__rate_interval])))", f"p{int(q * 100)}") for q in (0.5, 0.95, 0.99)], "s", floor=0),
            lines("Measures", "p95 of each measure in the newest window, in its own unit; latency in seconds.",
                  [query(gauge("evenkeel_service_level", "measure, statistic", ',measure!="",statistic="p95"'),
                         "{{measure}} {{statistic}}")], floor=0),
            lines("Cost", "As sent with the predictions, in an hour. The unit is the currency of the legend.",
                  [query(f"sum by (currency) (rate(evenkeel_prediction_cost_total{{{MODEL}}}[$__rate_interval])) * 3600",
                         "{{currency}} an hour")], floor=0),
        ], "now-7d")


def fairness():
    # An attribute, and its intersections with others: their names are joined by *.
    where = WINDOW + ',attribute=~"(.*[*])?($attribute)([*].*)?"'
    variables = ONE_MODEL + [
        variable("attribute", "Attribute", f'label_values(evenkeel_fairness_disparity{{{MODEL},attribute!~".*[*].*"}}, attribute)',
                 True, True),
        variable("rate", "Rate", f"label_values(evenkeel_group_rate{{{MODEL}}}, rate)", True, True),
    ]
    rates = lines("$rate of the groups", "The rate in each group of the chosen attributes, in the newest window. Groups with few rows are "
                  "shown but not judged. mae and mean_error have the unit of the labels.",
                  [query(f'max by (attribute, group) (evenkeel_group_rate{{{where},rate=~"$rate"}})', "{{attribute}}: {{group}}")],
                  h=10)
    rates.update(repeat="rate", repeatDirection="h")
    return dashboard(
        "evenkeel-fairness", "Evenkeel / Fairness", "Rates by group and the disparities between the groups.", variables,
        [
            history("What is said about fairness", "Over the newest hour and day; a finding wins. Of all attributes together.",
                    VERDICT.format(by="monitor", where=MODEL + ',monitor="fairness"'), "{{monitor}}", 5, w=16, mappings=VERDICT_WORDS,
                    thresholds=steps("green", (1, "text"), (2, "yellow"), (3, "red")), color={"mode": "thresholds"}),
            stat("Largest difference", "Of a rate between two groups of an attribute: 0 is equal, 0.1 is the default floor.",
                 f'max(evenkeel_fairness_disparity{{{where},metric=~".*_difference"}})', "none", h=5,
                 thresholds=steps("green", (0.1, "red")), decimals=3),
            stat("Smallest ratio", "Of a rate between two groups: 1 is equal, below 0.8 is a finding by default.",
                 f'min(min by (attribute, metric) (evenkeel_fairness_disparity{{{where},metric=~".*_ratio"}}))', "none", h=5,
                 thresholds=steps("red", (0.8, "green")), decimals=3),
            lines("Differences between groups", "The largest rate less the smallest: 0 is equal. Of a regression in the labels' unit.",
                  [query(f'max by (attribute, metric) (evenkeel_fairness_disparity{{{where},metric=~".*_difference"}})',
                         "{{attribute}}: {{metric}}")], floor=0, h=10, thresholds=steps("green", (0.1, "red"))),
            lines("Ratios between groups", "The smallest rate by the largest: 1 is equal, 0.8 is the four-fifths rule.",
                  [query(f'max by (attribute, metric) (evenkeel_fairness_disparity{{{where},metric=~".*_ratio"}})',
                         "{{attribute}}: {{metric}}")], floor=0, max=1, h=10, thresholds=steps("red", (0.8, "green"))),
            table("The groups now", "Every rate of every group in the newest window.",
                  [query(f"max by (attribute, group, rate) (evenkeel_group_rate{{{where}}})", instant=True, form="table")],
                  [{"id": "organize", "options": {"excludeByName": {"Time": True}, "renameByName": {"Value": "value"},
                                                  "indexByName": {"attribute": 0, "group": 1, "rate": 2, "Value": 3}}}],
                  h=10, decimals=3),
            row("Rates over time"),
            rates,
        ], "now-7d")


def service():
    where = 'job=~"$job",instance=~"$instance"'
    variables = [
        DATASOURCE,
        JOB,
        variable("instance", "Process", 'label_values(evenkeel_build_info{job=~"$job"}, instance)', True, True),
    ]

    def counted(name, by):
        """A counter appears with its first event: until then there is a line at 0, so that "none" and "no answer" differ."""
        return query(
            f"sum by ({by}) (rate({name}{{{where}}}[$__rate_interval])) or"
            f' label_replace(vector(0), "{by.split(", ")[-1]}", "none so far", "", "")',
            " ".join("{{%s}}" % b for b in by.split(", ")),
        )

    return dashboard(
        "evenkeel-service", "Evenkeel / Service", "Evenkeel itself: ingest, spool, evaluation, webhooks.", variables,
        [
            stat("Processes", "Processes that are scraped, by their build.",
                 f"sum by (version) (evenkeel_build_info{{{where}}})", legend="{{version}}", text="value_and_name"),
            stat("Processes without the database", "Processes that answer while the database does not.",
                 f"count(evenkeel_database_up{{{where}}} == 0) or vector(0)", thresholds=steps("green", (1, "red"))),
            stat("Waiting in the spool", "Bytes that the database has not taken yet. 0 in normal times.",
                 f"sum(evenkeel_ingest_spool_bytes{{{where}}}) or vector(0)", "bytes", thresholds=steps("green", (1, "orange"))),
            stat("Put aside in the spool", "Bytes of writes that were refused or damaged: somebody has to look at them.",
                 f"sum(evenkeel_ingest_spool_kept_bytes{{{where}}}) or vector(0)", "bytes", thresholds=steps("green", (1, "red"))),
            stat("Deliveries given up", "Webhook messages that were given up since the processes started.",
                 f'sum(evenkeel_webhook_deliveries_total{{{where},outcome="dead"}}) or vector(0)', thresholds=steps("green", (1, "red"))),
            stat("Series left out", "Series that are not exported because a metric has more than 10,000.",
                 f"sum(max by (metric) (increase(evenkeel_metric_series_dropped_total{{{where}}}[15m]))) or vector(0)",
                 thresholds=steps("green", (1, "red"))),
            row("Ingest"),
            lines("Records by outcome", "Records that came in, in a second.",
                  [query(f"sum by (outcome) (rate(evenkeel_ingest_records_total{{{where}}}[$__rate_interval]))", "{{outcome}}")],
                  "cps", stacked=True, floor=0),
            lines("Rejected records", "Share of the records that are rejected, by process.",
                  [query(f'sum by (instance) (rate(evenkeel_ingest_records_total{{{where},outcome="rejected"}}[$__rate_interval]))'
                         f" / (sum by (instance) (rate(evenkeel_ingest_records_total{{{where}}}[$__rate_interval])) > 0)",
                         "{{instance}}")], "percentunit", floor=0, thresholds=steps("green", (0.01, "red"))),
            lines("Spool", "Bytes that wait, and bytes that were put aside, by process. The limit is spool.bytes_max, 1 GiB by default.",
                  [query(f"max by (instance) (evenkeel_ingest_spool_bytes{{{where}}})", "{{instance}} waiting"),
                   query(f"max by (instance) (evenkeel_ingest_spool_kept_bytes{{{where}}})", "{{instance}} put aside")],
                  "bytes", floor=0),
            lines("Records through the spool", "In a second: spooled, then replayed; refused for good; damaged places.",
                  [counted("evenkeel_ingest_spool_records_total", "event")], "cps", floor=0),
            lines("Events of inference services", "KServe's events by what became of them, in a second.",
                  [counted("evenkeel_cloudevents_total", "outcome")], "cps", floor=0),
            lines("Records from Kafka", "Records of Kafka's topics by what became of them, in a second.",
                  [counted("evenkeel_kafka_records_total", "topic, outcome")], "cps", floor=0),
            lines("Behind in Kafka", "Messages of each topic that are not stored yet.",
                  [query(f"sum by (topic) (evenkeel_kafka_lag_messages{{{where}}})", "{{topic}}")], "short", floor=0),
            lines("Stored by process", "Predictions that each process stored in a second.",
                  [query(f"sum by (instance) (rate(evenkeel_predictions_total{{{where}}}[$__rate_interval]))", "{{instance}}")],
                  "cps", stacked=True, floor=0),
            row("Evaluation"),
            stat("Leader", "The process that evaluates; without one nothing is.",
                 f"max by (instance) (evenkeel_leader{{{where}}}) == 1", legend="{{instance}}", text="name", w=12),
            stat("Windows that wait", "Windows that ended, changed, and wait for their evaluation.",
                 f"max(evenkeel_windows_waiting{{{where}}})", w=12),
            lines("Length of a pass", "Passes that evaluated something: quantiles from the histogram, whose last bound is 10 s.",
                  [query(f"histogram_quantile({q}, sum by (le) (rate(evenkeel_evaluation_duration_seconds_bucket{{{where}}}[10m])))",
                         f"p{int(q * 100)}") for q in (0.5, 0.95)], "s", floor=0),
            lines("Passes", "Passes that evaluated something, in a minute.",
                  [query(f"sum by (instance) (rate(evenkeel_evaluation_duration_seconds_count{{{where}}}[10m])) * 60", "{{instance}}")],
                  "short", floor=0),
            lines("Oldest evaluation", "Of the version that was evaluated longest ago; all processes show the same.",
                  [query('max by (model, version) (evenkeel_evaluation_age_seconds{job=~"$job"})', "{{model}} {{version}}")],
                  "s", floor=0, thresholds=steps("green", (10800, "orange")), links=[TO_MODEL]),
            row("Webhooks and scrapes"),
            lines("Deliveries", "Attempts in a second, by destination and outcome.",
                  [counted("evenkeel_webhook_deliveries_total", "destination, outcome")], "cps", floor=0),
            lines("Destinations that are left alone", "1 while nothing is sent there: it failed several times in a row, or is gone.",
                  [query(f"max by (destination) (evenkeel_webhook_breaker_open{{{where}}}) or label_replace(vector(0), \"destination\", \"none\", \"\", \"\")",
                         "{{destination}}")], floor=0, thresholds=steps("green", (1, "red"))),
            lines("Length of a scrape", "How long Prometheus waited for each process.",
                  [query(f"max by (instance) (scrape_duration_seconds{{{where}}})", "{{instance}}")], "s", floor=0, w=6),
            lines("Series of a scrape", "What Prometheus stores of each process.",
                  [query(f"max by (instance) (scrape_samples_scraped{{{where}}})", "{{instance}}")], floor=0, w=6),
        ], "now-6h")


def shadow():
    where = 'job=~"$job",model=~"$model",candidate=~"$candidate"'
    pair = "champion, candidate"
    variables = [
        DATASOURCE,
        JOB,
        variable("model", "Model", 'label_values(evenkeel_shadow_breaker_open{job=~"$job"}, model)'),
        variable("candidate", "Candidate", 'label_values(evenkeel_shadow_breaker_open{job=~"$job",model=~"$model"}, candidate)', True, True),
        variable("primary", "Metric that decides", f"label_values(evenkeel_shadow_info{{{where}}}, primary)"),
        variable("metric", "Metric", f"label_values(evenkeel_shadow_difference_bound{{{where}}}, metric)", True, True),
    ]

    def gauge(name, by, more=""):
        return f"max by ({by}) ({name}{{{where}{more}}})"

    def difference(title, about, metric, **more):
        ends = "evenkeel_shadow_difference_bound"
        out = lines(title, about, [
            query(gauge("evenkeel_shadow_difference", pair, f',metric=~"{metric}"'), "{{candidate}} less {{champion}}"),
            query(gauge(ends, pair, f',metric=~"{metric}",bound="lower"'), "{{candidate}} less {{champion}}, lower end"),
            query(gauge(ends, pair, f',metric=~"{metric}",bound="upper"'), "{{candidate}} less {{champion}}, upper end"),
        ], "none", **more)
        out["fieldConfig"]["overrides"] = [{"matcher": {"id": "byRegexp", "options": "/ end$/"}, "properties": [
            {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [6, 6]}}]}]
        return out

    # What a candidate is at, as a number that colours can be given to: without its score no verdict goes on.
    code = (
        f"max by ({pair}) ((evenkeel_shadow_breaker_open{{{where}}} == 1) * 3"
        f' or on (model, champion, candidate) (evenkeel_shadow_verdict{{{where},verdict="reject"}} == 1) * 2'
        f' or on (model, champion, candidate) (evenkeel_shadow_verdict{{{where},verdict="hold"}} == 1) * 1'
        f' or on (model, champion, candidate) (evenkeel_shadow_verdict{{{where},verdict="promote"}} == 1) * 0)'
    )
    words = [{"type": "value", "options": {
        "0": {"text": "promote", "color": "green", "index": 0}, "1": {"text": "hold", "color": "yellow", "index": 1},
        "2": {"text": "reject", "color": "red", "index": 2}, "3": {"text": "not scored", "color": "purple", "index": 3},
    }}]
    colours = steps("green", (1, "yellow"), (2, "red"), (3, "purple"))
    each = difference(
        "$metric: difference", "Candidate less champion over the same rows, and the ends of the interval that is right at every look.",
        "$metric", h=8, thresholds=steps("transparent", (0, "text")))
    each.update(repeat="metric", repeatDirection="h")
    return dashboard(
        "evenkeel-shadow", "Evenkeel / Shadow A/B", "A candidate beside the champion: is it better, and is that sure?", variables,
        [
            stat("Verdict", "Of the newest look. Not scored: the circuit breaker is open. Why, and for which groups, is on the page of the "
                 "model's candidates.", code, "none", "{{candidate}} beside {{champion}}", h=5, mappings=words, thresholds=colours),
            stat("Difference of $primary", "The metric that decides: candidate less champion, over all labelled rows. Whether it is sure "
                 "is said by its interval, below.", gauge("evenkeel_shadow_difference", pair, ',metric=~"$primary"'), "none",
                 "{{candidate}}", h=5, decimals=4),
            stat("Labelled rows", "Rows that both scored and whose label is known: by them the verdict is made.",
                 gauge("evenkeel_shadow_labelled_records", pair), legend="{{candidate}}", h=5),
            stat("Same decision", "Share of the rows in which both decide alike, labels or not; of a regression the correlation.",
                 gauge("evenkeel_shadow_agreement", pair, ',statistic="decisions"') + " or "
                 + gauge("evenkeel_shadow_agreement", pair, ',statistic="correlation"'), "percentunit", "{{candidate}}", h=5),
            stat("Circuit breaker", "1 while a candidate is not scored: it failed, was too slow, or answered what is no number.",
                 gauge("evenkeel_shadow_breaker_open", pair), legend="{{candidate}}", h=5, thresholds=steps("green", (1, "red"))),
            stat("Advised weight", "Share of the traffic that gateways are advised to send to the version under rollout. 0 without a "
                 "rollout.", 'max(evenkeel_rollout_weight{job=~"$job",model=~"$model"}) or vector(0)', "percentunit", h=5),
            history("Verdict over time", "Of each candidate.", code, "{{candidate}} beside {{champion}}", 4, mappings=words,
                    thresholds=colours, color={"mode": "thresholds"}),
            difference("Difference of $primary, with its interval", "Candidate less champion over the same rows. The interval is right at "
                       "every look: as soon as it leaves 0 out the difference is sure, however often one looked. It comes with 100 "
                       "labelled rows.", "$primary", w=16, h=10, thresholds=steps("transparent", (0, "text"))),
            lines("$primary of both", "Over the same rows. Where it leads is seen early; whether it is sure is said beside.",
                  [query(gauge("evenkeel_shadow_performance", pair + ", arm", ',metric=~"$primary"'), "{{candidate}}: {{arm}}")],
                  "none", w=8, h=10),
            table("All metrics now", "The newest look: both versions, their difference, and the ends of its interval where there is one "
                  "that is right at every look.",
                  [query(gauge("evenkeel_shadow_performance", "candidate, metric", ',arm="champion"'), instant=True, form="table"),
                   query(gauge("evenkeel_shadow_performance", "candidate, metric", ',arm="candidate"'), instant=True, form="table"),
                   query(gauge("evenkeel_shadow_difference", "candidate, metric"), instant=True, form="table"),
                   query(gauge("evenkeel_shadow_difference_bound", "candidate, metric", ',bound="lower"'), instant=True, form="table"),
                   query(gauge("evenkeel_shadow_difference_bound", "candidate, metric", ',bound="upper"'), instant=True, form="table")],
                  [{"id": "merge", "options": {}},
                   {"id": "organize", "options": {
                       "excludeByName": {"Time": True},
                       "indexByName": {"candidate": 0, "metric": 1, "Value #A": 2, "Value #B": 3, "Value #C": 4, "Value #D": 5, "Value #E": 6},
                       "renameByName": {"candidate": "version", "Value #A": "champion", "Value #B": "candidate", "Value #C": "difference",
                                        "Value #D": "lower", "Value #E": "upper"}}}], w=16, h=10, unit="none", decimals=4),
            lines("Rows", "Scored by the candidate too, and of these the labelled ones. Skipped: failed, without a score, or stored without "
                  "features.",
                  [query(gauge("evenkeel_shadow_records", pair + ", outcome"), "{{candidate}} {{outcome}}"),
                   query(gauge("evenkeel_shadow_labelled_records", pair), "{{candidate}} labelled")], floor=0, w=8, h=10),
            row("Without labels"),
            lines("Agreement", "decisions: share of rows with the same decision; correlation of the scores. 1 is alike.",
                  [query(gauge("evenkeel_shadow_agreement", pair + ", statistic", ',statistic=~"decisions|correlation"'),
                         "{{candidate}} {{statistic}}")], "none", max=1, w=8),
            lines("Distance of the scores", "mean_absolute_difference of the scores of a row; psi of the candidate's scores from the "
                  "champion's, of a binary model.",
                  [query(gauge("evenkeel_shadow_agreement", pair + ", statistic", ',statistic=~"mean_absolute_difference|psi"'),
                         "{{candidate}} {{statistic}}")], "none", floor=0, w=8),
            lines("Time for a row", "The candidate's to score it; the champion's as sent with its predictions, a whole request.",
                  [query(gauge("evenkeel_shadow_row_seconds", pair + ", arm"), "{{candidate}}: {{arm}}")], "s", floor=0, w=8),
            row("Rollout"),
            lines("Advised weight over time", "By the steps of 1, 5, 25, 50 and 100 %. 0 without a rollout.",
                  [query('max by (version) (evenkeel_rollout_weight{job=~"$job",model=~"$model"}) or on () vector(0)', "{{version}}")],
                  "percentunit", floor=0, max=1),
            lines("Predictions by version", "Stored in a second: whether gateways do what they are advised.",
                  [query('sum by (version) (rate(evenkeel_predictions_total{job=~"$job",model=~"$model"}[$__rate_interval]))',
                         "{{version}}")], "cps", stacked=True, floor=0),
            row("Metric by metric"),
            each,
        ], "now-7d")


def main():
    stale = []
    for name, board in [("fairness", fairness()), ("fleet", fleet()), ("model", model()), ("service", service()),
                        ("shadow", shadow())]:
        text = json.dumps(board, indent=2, ensure_ascii=False) + "\n"
        path = FOLDER / f"{name}.json"
        if sys.argv[1:] == ["--check"]:
            if not path.is_file() or path.read_text() != text:
                stale.append(path.name)
        elif sys.argv[1:]:
            sys.exit("usage: scripts/dashboards.py [--check]")
        else:
            path.write_text(text)
    if stale:
        sys.exit(f"not what scripts/dashboards.py writes: {', '.join(stale)}")


if __name__ == "__main__":
    main()
