internal import Vocabulary

/// A request or a response of an inference service as the spool keeps it: until it is replayed, it waits for its other half here.
struct SpooledHalf: Sendable {
    enum Half: Sendable {
        case request(SpooledPredictions)
        case response(ResponseHalf)
    }
    var model: String
    var eventID: String
    var time: Timestamp
    var isTimed: Bool
    var half: Half

    init(_ write: HalfWrite) {
        model = write.model
        eventID = write.eventID
        time = write.time
        isTimed = write.isTimed
        half =
            switch write.half {
            case .request(let version, let batch): .request(SpooledPredictions(PredictionWrite(version: version, batch: batch, key: nil)))
            case .response(let response): .response(response)
            }
    }

    /// - Parameter version: that of a request, which was looked up again.
    func write(_ version: RegisteredVersion?) -> HalfWrite? {
        let half: HalfWrite.Half
        switch self.half {
        case .request(let request):
            guard let version else { return nil }
            half = .request(version, request.batch)
        case .response(let response): half = .response(response)
        }
        return HalfWrite(model: model, eventID: eventID, time: time, isTimed: isTimed, half: half)
    }
}

// The coding, as of the other writes.

extension SpooledHalf {
    func encode(to out: inout ColumnWriter) {
        out.text(model)
        out.text(eventID)
        out.number(time.microseconds)
        out.byte(isTimed ? 1 : 0)
        switch half {
        case .request(let request):
            out.byte(0)
            request.encode(to: &out)
        case .response(let response):
            out.byte(1)
            out.number(UInt32(response.scores.count))
            out.column(response.scores)
            out.column(response.predictions)
            out.classScores(response.classScores)
            out.optionalTexts([response.error])
        }
    }

    init(_ reader: inout ColumnReader) throws(SpoolDamage) {
        model = try reader.text()
        eventID = try reader.text()
        time = Timestamp(microseconds: try reader.number())
        isTimed = try reader.byte() != 0
        switch try reader.byte() {
        case 0: half = .request(try SpooledPredictions(&reader))
        case 1:
            let rows = Int(try reader.number(UInt32.self))
            var response = ResponseHalf(scores: try reader.column(rows), predictions: try reader.column(rows))
            response.classScores = try reader.classScores(rows)
            response.error = try reader.optionalTexts(1)[0]
            half = .response(response)
        default: throw SpoolDamage("half of an event, neither request nor response")
        }
    }
}
