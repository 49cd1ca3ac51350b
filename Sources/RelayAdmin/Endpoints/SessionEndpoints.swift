import RelayCore

/// How a person in front of a browser says who they are.
///
/// None of it is audited: a login changes nothing, and must go on where nothing can be kept. What is done by it is audited under
/// the name of whose token it was.
enum SessionEndpoints {
  static let all: [Endpoint] = [
    .post(
      "/login",
      "Log a browser in: a cookie takes the token's place, for 12 hours from when it was last renewed, at most 30 days.",
      role: nil, audit: .nothing, replies: [.init(status: 204)],
      problems: [
        .init(401, "unauthorized", "The token is nobody's."),
        .init(
          429, "too_many_attempts",
          "The token is nobody's, as were too many others within a minute; `retry-after` says how long."),
      ], maxBodyBytes: 16 << 10, login),
    .post("/logout", "Take the cookie back.", role: nil, audit: .nothing, replies: [.init(status: 204)]) {
      (call: Call<Nothing>) in
      .empty(204, headers: [SessionCookie.header("", for: .zero, isForTLS: call.isFromTLS)])
    },
    .get(
      "/api/v1/session",
      "Who asks, and what they may. To a browser a younger cookie is given where that is due.",
      role: .metrics, replies: [.init(record: SessionAnswer.self)], session),
  ]

  private static func login(_ call: Call<LoginInput>) throws -> AdminResponse {
    let (access, logger) = (call.services.access, call.services.logger)
    let opened = try call.services.logins.admit(at: call.now) {
      access.open(with: call.input.token, at: call.now, isForTLS: call.isFromTLS)
    }
    guard let (session, text) = opened else {
      logger.warning("somebody tried to log in with a wrong token")
      throw APIError(
        401, "unauthorized",
        access.asksForNoToken
          ? "nobody has a token: set server.admin_token or server.admin_tokens"
          : "this is no token of server.admin_token or server.admin_tokens")
    }
    logger.notice("logged in", metadata: ["who": "\(session.name)"])
    return .empty(
      204, headers: [SessionCookie.header(text, for: Session.lifetime, isForTLS: session.isForTLS)])
  }

  private static func session(_ call: Call<Nothing>) throws -> AdminResponse {
    var answer = SessionAnswer()
    answer.who = call.caller.name
    answer.role = call.caller.role.rawValue
    answer.login = call.caller != .local
    var response = try AdminResponse.json(answer, for: call.caller)
    if let renewal = call.renewal {
      let later = renewal.session
      response.headers.append(
        SessionCookie.header(
          renewal.text, for: call.now.duration(to: later.expires), isForTLS: later.isForTLS))
    }
    return response
  }
}

/// `POST /login`.
struct LoginInput: Input {
  @Field("A token of `server.admin_token` or `server.admin_tokens`.", .form(.filled)) var token: String
}

/// `GET /api/v1/session`.
struct SessionAnswer: Answer {
  @Field("Who it is, as the configuration calls them; `local` where nobody needs a token.") var who: String
  @Field("What they may.", .words { Role.allCases.map(\.rawValue) }) var role: String
  @Field("Whether a token is asked for at all.") var login: Bool
}
