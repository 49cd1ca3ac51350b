import RelayCore

/// What has come of a `NodeRequest`. A pure value.
enum RequestAnswer: Equatable {
  case done
  /// - Parameter until: Until when the destination was to be left alone, by the wall clock; nil: it was not.
  case endedRetryAfter(until: Timestamp?)
  /// What was done by then stays so.
  case failed(StoreError)

  var text: String {
    switch self {
    case .done: QueryText.written([("done", "")])
    case .endedRetryAfter(let until):
      QueryText.written([("ended", until.map { "\($0.microseconds)" } ?? "")])
    case .failed(let error):
      QueryText.written([("failed", error.code.rawValue), ("message", error.message)])
    }
  }

  /// What another version has written is a failure that says so.
  init(text: String) {
    var items = QueryText.read(text)
    if items?.take("done") != nil {
      self = .done
    } else if let until = items?.take("ended") {
      self = .endedRetryAfter(until: Int64(until).map { Timestamp(microseconds: $0) })
    } else if let code = items?.take("failed").flatMap(StoreError.Code.init(rawValue:)),
      let message = items?.take("message")
    {
      self = .failed(StoreError(code: code, message: message))
    } else {
      self = .failed(.isOfAnotherVersion)
    }
  }

  var failure: StoreError? {
    guard case .failed(let error) = self else { return nil }
    return error
  }
}

extension StoreError {
  /// A request, or what came of it.
  static let isOfAnotherVersion = StoreError(
    code: .inUse,
    message:
      "the relays that share the store are of different versions, and one does not understand what the other has asked: ask again once "
      + "all are of the same")

  /// Nobody has gone on with a request. The statement that says so has it as the request's answer.
  static let isGivenUp = StoreError(
    code: .inUse,
    message:
      "the relay that is to do this has not gone on with it for too long, so it was given up; what was done by then stays so: look at "
      + "the relays that share the store, and ask again")
}
