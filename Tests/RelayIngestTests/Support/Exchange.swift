/// A request, and what is to come of it.
enum Exchange: CaseIterable {
  case plain
  case put
  case empty
  case large
  case chunked
  case query
  case keepAlive
  case expecting
  case health
  case nowhere
  case notAllowed

  static var all: [Exchange] { allCases }

  /// nil: the receiver does not see it.
  var body: String? {
    switch self {
    case .plain: #"{"plain":1}"#
    case .put: #"{"put":1}"#
    case .empty: ""
    case .large: String(repeating: "large ", count: 1_000)
    case .chunked: #"{"chunked":1}"#
    case .query: #"{"query":1}"#
    case .keepAlive: #"{"keepAlive":1}"#
    case .expecting: #"{"expecting":1}"#
    case .health, .nowhere, .notAllowed: nil
    }
  }

  var request: String {
    let body = body ?? "POST /huggy"
    return switch self {
    case .plain, .empty, .large: Requests.post(body)
    case .put: Requests.post(body, method: "PUT")
    case .chunked:
      Requests.head("POST", "/huggy", headers: ["Transfer-Encoding: chunked"])
        + Requests.chunk("{\"chunked\"")
        + Requests.chunk(":1}") + "0\r\n\r\n"
    case .query: Requests.post(body, path: "/huggy?a=b")
    case .keepAlive: Requests.post(body, headers: ["Connection: keep-alive"])
    case .expecting: Requests.post(body, headers: ["Expect: 100-continue"])
    case .health: Requests.head("GET", "/healthz")
    case .nowhere: Requests.post(body, path: "/nowhere")
    case .notAllowed: Requests.post(body, method: "DELETE")
    }
  }

  var reply: Talk.Reply {
    switch self {
    case .health: Talk.Reply(status: 200, body: #"{"status":"ok"}"#)
    case .nowhere: Talk.Reply(status: 404)
    case .notAllowed: Talk.Reply(status: 405)
    default: Talk.Reply(status: 200, body: body)
    }
  }
}
