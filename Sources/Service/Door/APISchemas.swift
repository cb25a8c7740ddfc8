internal import Vocabulary

/// The shapes of bodies and parameters in `/openapi.json`.
enum APISchemas {
    /// A text that is not JSON would be our own mistake, which a test finds.
    static let components: JSON = (try? JSON.parse(text)) ?? .null

    private static let text = #"""
        {"securitySchemes":{"token":{"type":"http","scheme":"bearer","description":"evenkeel token create; x-role says which role it needs"}},
        "parameters":{
          "path_model":{"name":"model","in":"path","required":true,"schema":{"type":"string","minLength":1}},
          "path_version":{"name":"version","in":"path","required":true,"schema":{"type":"string","minLength":1}},
          "path_id":{"name":"id","in":"path","required":true,"schema":{"type":"string","minLength":1}},
          "limit":{"name":"limit","in":"query","description":"Entries of one answer; of results, of each version.","schema":{"type":"integer","minimum":1,"maximum":10000}},
          "after":{"name":"after","in":"query","description":"Goes on after an answer: its `next`.","schema":{"type":"string","maxLength":2000}},
          "if_none_match":{"name":"If-None-Match","in":"header","description":"The ETag of the answer that is known.","schema":{"type":"string"}},
          "idempotency_key":{"name":"Idempotency-Key","in":"header","description":"The same key with the same body is stored once.","schema":{"type":"string","minLength":1,"maxLength":200}},
          "of_version":{"name":"version","in":"query","schema":{"type":"string"}},
          "segment":{"name":"segment","in":"query","description":"Of this segment instead of all records.","schema":{"type":"string"}},
          "new_version":{"name":"version","in":"query","required":true,"schema":{"type":"string"}},
          "note":{"name":"note","in":"query","schema":{"type":"string"}},
          "metric":{"name":"metric","in":"query","description":"The statistic.","schema":{"type":"string"}},
          "feature":{"name":"feature","in":"query","description":"The subject.","schema":{"type":"string"}},
          "attribute":{"name":"attribute","in":"query","description":"The subject.","schema":{"type":"string"}},
          "window":{"name":"window","in":"query","schema":{"enum":["hour","day","week","custom"]}},
          "from":{"name":"from","in":"query","schema":{"type":"string","format":"date-time"}},
          "to":{"name":"to","in":"query","schema":{"type":"string","format":"date-time"}},
          "as_of":{"name":"as_of","in":"query","description":"Of each window what was known then.","schema":{"type":"string","format":"date-time"}},
          "by":{"name":"by","in":"query","description":"The actor, where no tokens are asked for.","schema":{"type":"string"}},
          "arms":{"name":"arms","in":"query","description":"The champion's variant and the candidate's, with a comma.","required":true,"schema":{"type":"string"}},
          "shares":{"name":"shares","in":"query","description":"What each was meant to get, with a comma; equal if left out.","schema":{"type":"string"}},
          "start":{"name":"start","in":"query","description":"Scored over the log that is stored, or from now on.","schema":{"enum":["log","now"]}},
          "id":{"name":"id","in":"query","description":"A column.","schema":{"type":"string"}},
          "timestamp":{"name":"timestamp","in":"query","description":"A column.","schema":{"type":"string"}},
          "label":{"name":"label","in":"query","description":"A column.","schema":{"type":"string"}},
          "score":{"name":"score","in":"query","description":"A column.","schema":{"type":"string"}},
          "prediction":{"name":"prediction","in":"query","description":"A column.","schema":{"type":"string"}},
          "sensitive":{"name":"sensitive","in":"query","description":"Columns with commas.","schema":{"type":"string"}},
          "ignore":{"name":"ignore","in":"query","description":"Columns with commas.","schema":{"type":"string"}},
          "positive":{"name":"positive","in":"query","description":"The positive label.","schema":{"type":"string"}},
          "threshold":{"name":"threshold","in":"query","schema":{"type":"number"}},
          "task":{"name":"task","in":"query","schema":{"enum":["binary","regression","multiclass"]}},
          "classes":{"name":"classes","in":"query","description":"Classes with commas.","schema":{"type":"string"}},
          "spec":{"name":"spec","in":"query","description":"The text of a spec file.","schema":{"type":"string"}}
        },
        "headers":{
          "Next":{"description":"Of CSV: what `next` is in JSON; none at the end.","schema":{"type":"string"}},
          "Left-Out":{"description":"Of CSV: what `left_out` is in JSON.","schema":{"type":"string"}}
        },
        "schemas":{
          "Table":{"type":"string","description":"RFC 4180 with a header. A text that a spreadsheet would take for a formula has an apostrophe before it; JSON has it as it is."},
          "Any":{"type":"object"},
          "AnyList":{"type":"array","items":{"type":"object"}},
          "Text":{"type":"string"},
          "Lines":{"type":"string","description":"One JSON object a line."},
          "Number":{"description":"A number, null where undefined, or \"Infinity\" or \"-Infinity\".","type":["number","string","null"]},
          "Time":{"type":"string","format":"date-time"},
          "TimeOrNull":{"type":["string","null"],"format":"date-time"},
          "Next":{"description":"Where the next answer goes on; null at the end.","type":["string","null"]},
          "LeftOut":{"description":"What was left out, and which role it needs.","type":"string"},
          "Problem":{"description":"RFC 9457.","type":"object","required":["type","title","status","detail"],"properties":{
            "type":{"type":"string","pattern":"^urn:evenkeel:problem:[a-z-]+$"},"title":{"type":"string"},"status":{"type":"integer"},"detail":{"type":"string"}}},
          "Status":{"type":"object","required":["status"],"properties":{"status":{"enum":["ok","ready","spooling"]},"version":{"type":"string"},"spool_bytes":{"type":"integer"}}},
          "Rejections":{"type":"array","items":{"type":"object","required":["index","error"],"properties":{"index":{"type":"integer","minimum":0},"error":{"type":"string"}}}},
          "Score":{"description":"A number; for several classes also scores by class.","type":["number","object","array","null"]},
          "Prediction":{"type":"object","required":["model","version","id"],"additionalProperties":false,"properties":{
            "model":{"type":"string"},"version":{"type":"string"},"id":{"type":"string","maxLength":256},"ts":{"type":["string","integer","null"]},
            "features":{"type":["object","null"]},"score":{"$ref":"#/components/schemas/Score"},"prediction":{"type":["number","boolean","string","null"]},
            "groups":{"type":["object","null"]},"latency_ms":{"type":["number","null"],"minimum":0},"cost":{"type":["number","null"],"minimum":0},
            "measures":{"type":["object","null"],"additionalProperties":{"type":"number"}},"error":{"type":["string","null"]},"variant":{"type":["string","null"]}}},
          "Predictions":{"anyOf":[{"$ref":"#/components/schemas/Prediction"},{"type":"array","items":{"$ref":"#/components/schemas/Prediction"}}]},
          "Label":{"type":"object","required":["model","id","label"],"properties":{
            "model":{"type":"string"},"id":{"type":"string"},"label":{"type":["number","boolean","string"]},"ts":{"type":["string","integer","null"]},"version":{"type":["string","null"]}}},
          "Labels":{"anyOf":[{"$ref":"#/components/schemas/Label"},{"type":"array","items":{"$ref":"#/components/schemas/Label"}}]},
          "IngestAnswer":{"type":"object","required":["accepted","duplicates","rejected"],"properties":{
            "accepted":{"type":"integer"},"duplicates":{"type":"integer"},"rejected":{"$ref":"#/components/schemas/Rejections"}}},
          "LabelAnswer":{"type":"object","required":["accepted","joined","corrected","resent","waiting","rejected"],"properties":{
            "accepted":{"type":"integer"},"joined":{"type":"integer"},"corrected":{"type":"integer"},"resent":{"type":"integer"},"waiting":{"type":"integer"},
            "rejected":{"$ref":"#/components/schemas/Rejections"}}},
          "EventAnswer":{"type":"object","required":["accepted","duplicates","waiting","repeated","rejected"],"properties":{
            "accepted":{"type":"integer"},"duplicates":{"type":"integer"},"waiting":{"type":"integer"},"repeated":{"type":"integer"},
            "rejected":{"$ref":"#/components/schemas/Rejections"}}},
          "VersionSummary":{"type":"object","required":["model","version","stage","task","features","sensitive","reference_rows","registered_at"],"properties":{
            "model":{"type":"string"},"version":{"type":"string"},"stage":{"enum":["champion","candidate","retired"]},"task":{"enum":["binary","regression","multiclass"]},
            "features":{"type":"integer"},"sensitive":{"type":"array","items":{"type":"string"}},"reference_rows":{"type":"integer"},
            "registered_at":{"$ref":"#/components/schemas/Time"}}},
          "Version":{"allOf":[{"$ref":"#/components/schemas/VersionSummary"},{"type":"object","required":["schema"],"properties":{"schema":{"type":"object"}}}]},
          "Models":{"type":"object","required":["models","next"],"properties":{"models":{"type":"array","items":{"$ref":"#/components/schemas/VersionSummary"}},
            "next":{"$ref":"#/components/schemas/Next"}}},
          "Finding":{"type":"object","required":["model","version","window","from","to","evaluated_at","monitor","subject","statistic","value","verdict","why"],"properties":{
            "model":{"type":"string"},"version":{"type":"string"},"window":{"type":"string"},"from":{"$ref":"#/components/schemas/Time"},"to":{"$ref":"#/components/schemas/Time"},
            "evaluated_at":{"$ref":"#/components/schemas/Time"},"monitor":{"type":"string"},"subject":{"type":"string"},"group":{"type":"string"},"segment":{"type":"string"},"statistic":{"type":"string"},
            "value":{"$ref":"#/components/schemas/Number"},"lower":{"$ref":"#/components/schemas/Number"},"upper":{"$ref":"#/components/schemas/Number"},
            "p_value":{"$ref":"#/components/schemas/Number"},"p_adjusted":{"$ref":"#/components/schemas/Number"},"reference_n":{"type":"integer"},"n":{"type":"integer"},
            "verdict":{"enum":["ok","negligible","drifted","insufficient","no_data","fair","unfair",null]},"why":{"type":"string"},
            "drivers":{"type":"array","items":{"type":"object","required":["what"],"properties":{"what":{"type":"string"}}}}}},
          "Results":{"type":"object","required":["results","next"],"properties":{"results":{"type":"array","items":{"$ref":"#/components/schemas/Finding"}},
            "next":{"$ref":"#/components/schemas/Next"},"left_out":{"$ref":"#/components/schemas/LeftOut"}}},
          "Change":{"type":"object","required":["model","version","detector","number","ts","labels","began_at","error_before","n_before","error_after","n_after","detected_at"],"properties":{
            "model":{"type":"string"},"version":{"type":"string"},"detector":{"type":"string"},"number":{"type":"integer"},"ts":{"$ref":"#/components/schemas/Time"},
            "labels":{"type":"integer"},"began_at":{"$ref":"#/components/schemas/TimeOrNull"},"error_before":{"$ref":"#/components/schemas/Number"},"n_before":{"type":"integer"},
            "error_after":{"$ref":"#/components/schemas/Number"},"n_after":{"type":"integer"},"detected_at":{"$ref":"#/components/schemas/Time"}}},
          "Changes":{"type":"object","required":["changes","next"],"properties":{"changes":{"type":"array","items":{"$ref":"#/components/schemas/Change"}},
            "next":{"$ref":"#/components/schemas/Next"}}},
          "Alert":{"type":"object","required":["id","model","version","monitor","policy","severity","state","summary","started_at"],"properties":{
            "id":{"type":"integer"},"model":{"type":"string"},"version":{"type":"string"},"monitor":{"type":"string"},"policy":{"type":"string"},
            "severity":{"enum":["info","warning","critical"]},"state":{"enum":["firing","resolved"]},"summary":{"type":"string"},
            "started_at":{"$ref":"#/components/schemas/Time"},"fired_at":{"$ref":"#/components/schemas/TimeOrNull"},
            "resolved_at":{"$ref":"#/components/schemas/TimeOrNull"},"acknowledged_at":{"$ref":"#/components/schemas/TimeOrNull"},"reminders":{"type":"integer"},"flapping":{"type":"boolean"},"detail":{"type":["object","null"]}}},
          "Alerts":{"type":"object","required":["alerts","budgets","next"],"properties":{"alerts":{"type":"array","items":{"$ref":"#/components/schemas/Alert"}},
            "budgets":{"type":"array","items":{"type":"object","required":["model","policy","alarms","seconds","fired"]}},
            "next":{"$ref":"#/components/schemas/Next"},"left_out":{"$ref":"#/components/schemas/LeftOut"}}},
          "Acknowledged":{"type":"object","required":["acknowledged"],"properties":{"acknowledged":{"type":"integer"}}},
          "Silence":{"type":"object","required":["model","until"],"properties":{"model":{"type":"string"},"until":{"$ref":"#/components/schemas/Time"},
            "monitor":{"type":"string"},"reason":{"type":"string"},"by":{"type":"string"},"starts_at":{"$ref":"#/components/schemas/TimeOrNull"},
            "matchers":{"type":"array","maxItems":10,"items":{"type":"string"}}}},
          "Silences":{"type":"object","required":["silences"],"properties":{"silences":{"type":"array","items":{"type":"object"}}}},
          "RetrainingNews":{"type":"object","required":["state"],"properties":{"state":{"enum":["started","succeeded","failed"]},
            "version":{"description":"The new version; required for succeeded.","type":"string"},"note":{"type":"string"},"by":{"type":"string"}}},
          "Retraining":{"type":"object","required":["id","model","version","policy","reason","state","requested_at","manifest"],"properties":{
            "id":{"type":"string"},"model":{"type":"string"},"version":{"type":"string"},"policy":{"type":"string"},"reason":{"type":"string"},
            "state":{"enum":["requested","started","succeeded","failed","overdue"]},"new_version":{"type":["string","null"]},"note":{"type":["string","null"]},
            "requested_at":{"$ref":"#/components/schemas/Time"},"manifest":{"type":"object"}}},
          "Retrainings":{"type":"object","required":["retrainings"],"properties":{"retrainings":{"type":"array","items":{"$ref":"#/components/schemas/Retraining"}}}},
          "Expired":{"type":"object","required":["expired"],"properties":{"expired":{"type":"integer"}}},
          "Silenced":{"type":"object","required":["silence"],"properties":{"silence":{"type":"integer"}}},
          "Bytes":{"type":"string","format":"binary"},
          "ModelFile":{"type":"object","required":["model","version","format","digest","bytes"],"properties":{"model":{"type":"string"},"version":{"type":"string"},
            "format":{"type":"string"},"digest":{"type":"string"},"bytes":{"type":"integer"},"stored_at":{"$ref":"#/components/schemas/Time"}}},
          "Shadow":{"type":"object","required":["model","champion","candidates"],"properties":{"model":{"type":"string"},"champion":{"type":["string","null"]},
            "candidates":{"type":"array","items":{"type":"object","required":["candidate","rows","verdict","reasons","breaker","report"],"properties":{
              "candidate":{"type":"string"},"file":{"type":"object"},"rows":{"type":"integer"},"skipped":{"type":"integer"},
              "started_at":{"$ref":"#/components/schemas/TimeOrNull"},"stepped_at":{"$ref":"#/components/schemas/TimeOrNull"},
              "breaker":{"type":["object","null"]},"verdict":{"enum":["promote","hold","reject",null]},"reasons":{"type":"array","items":{"type":"string"}},
              "report":{"type":["object","null"]}}}}}},
          "Rollout":{"type":"object","required":["model","champion","candidate","weight","state","steps"],"properties":{"model":{"type":"string"},
            "champion":{"type":["string","null"]},"candidate":{"type":["string","null"]},"weight":{"type":"number","minimum":0,"maximum":1},
            "steps":{"type":"array","items":{"type":"number"}},"step":{"type":["integer","null"]},"state":{"enum":["none","rolling","promoted","rolled_back"]},
            "changed_at":{"$ref":"#/components/schemas/TimeOrNull"},"by":{"type":["string","null"]},"reason":{"type":["string","null"]},
            "began_at":{"$ref":"#/components/schemas/TimeOrNull"},"waits_for":{"description":"Why the next step does not follow.","type":["string","null"]}}},
          "RolloutChange":{"type":"object","required":["action"],"properties":{"action":{"enum":["promote","rollback"]},"version":{"type":"string"},
            "gradual":{"type":"boolean"},"force":{"type":"boolean"},"reason":{"type":"string"},"by":{"type":"string"}}},
          "Erased":{"type":"object","required":["erased"],"properties":{"erased":{"type":"object","required":["predictions","labels","waiting_labels"]}}}
        }}
        """#
}
