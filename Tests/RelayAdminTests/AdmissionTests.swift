import RelayCore
import Testing

@testable import RelayAdmin

@Suite struct AdmissionTests {
  private static func admission(
    _ configured: String = "127.0.0.1", bound: String = "127.0.0.1", port: Int = 8081, hosts: [String] = [],
    token: String? = nil
  ) -> Admission {
    Admission(
      configured: ListenAddress(host: configured, port: port), bound: ListenAddress(host: bound, port: port),
      access: AdminAccess(token: token, hosts: hosts), clock: FixedClock())
  }

  private static func code(_ result: Result<Admission.Admitted, APIError>) -> String {
    switch result {
    case .success: "admitted"
    case .failure(let error): error.code
    }
  }

  /// A tunnel or a forwarded port has a port of its own.
  @Test(arguments: [
    ("127.0.0.1:8081", true), ("localhost:8081", true), ("[::1]:8081", true), ("LocalHost:8081", true),
    ("localhost:9999", true), ("localhost", true), ("127.0.0.1:80", true), ("127.0.0.2", true),
    ("localhost.:1", true),
    ("relay.localhost:1", true), ("ip6-localhost", true), ("[::ffff:127.0.0.1]:1", true),
    ("relay.local:8081", true), ("relay.local", true), ("relay.local:1", true),
    ("evil.example:8081", false), ("localhost.evil.example:8081", false), ("127.0.0.1.evil.example:9", false),
    ("relay.local.evil.example", false), ("", false), ("10.0.0.1:8081", false), ("localhost:x", false),
    ("localhost, evil.example", false), ("localhost:8081, evil.example:8081", false), ("0.0.0.0:8081", false),
  ])
  func onLoopbackTheHostIsOneOfOurs(host: String, isAdmitted: Bool) {
    let head = RequestHead(method: "GET", target: "/api/v1/status", host: host)
    let code = Self.code(Self.admission("relay.local").admit(head))
    #expect(code == (isAdmitted ? "admitted" : "forbidden_host"))
  }

  @Test func theConfigurationAddsHosts() {
    let admission = Self.admission(hosts: ["relay.example"])
    for host in ["relay.example", "Relay.Example:443", "relay.example.", "localhost:1"] {
      let head = RequestHead(method: "GET", target: "/healthz", host: host)
      #expect(Self.code(admission.admit(head)) == "admitted", "\(host)")
    }
    let other = RequestHead(method: "GET", target: "/healthz", host: "other.relay.example")
    #expect(Self.code(admission.admit(other)) == "forbidden_host")
  }

  @Test(arguments: ["127.0.0.2", "::1", "::ffff:127.0.0.1"]) func everyLoopbackAddressIsOne(address: String) {
    let head = RequestHead(method: "GET", target: "/healthz", host: "evil.example:8081")
    #expect(Self.code(Self.admission(address, bound: address).admit(head)) == "forbidden_host")
  }

  /// A probe calls a container by its address. A name that leads there may be a stranger's.
  @Test(arguments: ["0.0.0.0", "::"]) func onEveryAddressEachAddressIsOursAndNoOtherName(address: String) {
    let admission = Self.admission(address, bound: address, hosts: ["relay"])
    for (host, isAdmitted) in [
      ("10.1.2.3:8081", true), ("[fd00::7]:8081", true), ("localhost:1", true), ("relay:8081", true),
      ("relay.example:8081", false), ("10.1.2.3.evil.example", false),
    ] {
      let head = RequestHead(method: "GET", target: "/healthz", host: host)
      #expect(Self.code(admission.admit(head)) == (isAdmitted ? "admitted" : "forbidden_host"), "\(host)")
    }
  }

  @Test func onOneAddressTheOthersAreNotOurs() {
    let admission = Self.admission("10.0.0.1", bound: "10.0.0.1")
    for (host, isAdmitted) in [
      ("10.0.0.1:1", true), ("localhost", true), ("10.0.0.2", false), ("relay", false),
    ] {
      let head = RequestHead(method: "GET", target: "/healthz", host: host)
      #expect(Self.code(admission.admit(head)) == (isAdmitted ? "admitted" : "forbidden_host"), "\(host)")
    }
  }

  @Test func aForeignHostIsToldWhereItCanBeAdded() {
    let head = RequestHead(method: "GET", target: "/healthz", host: "relay.example")
    guard case .failure(let error) = Self.admission().admit(head) else { return #expect(Bool(false)) }
    #expect(error.message.contains("'relay.example'") && error.message.contains("server.admin_hosts"))
  }

  /// A probe that speaks HTTP/1.0; no browser does.
  @Test func aRequestWithoutAHostIsNoBrowsers() {
    #expect(Self.code(Self.admission().admit(RequestHead(method: "GET", target: "/healthz"))) == "admitted")
  }

  @Test(arguments: [
    ("http://localhost:8081", true), ("https://localhost:8081", true), ("HTTP://LOCALHOST:8081", true),
    ("http://127.0.0.1:8081", false), ("http://localhost:8082", false), ("http://localhost", false),
    ("null", false), ("", false), ("http://evil.example", false),
    ("http://localhost:8081.evil.example", false),
  ])
  func anOriginIsThatOfTheHost(origin: String, isAdmitted: Bool) {
    let head = RequestHead(method: "GET", target: "/api/v1/status", host: "localhost:8081", origin: origin)
    #expect(Self.code(Self.admission().admit(head)) == (isAdmitted ? "admitted" : "forbidden_origin"))
  }

  /// An image, a script or a link names no origin; a browser says where it stood all the same.
  @Test(arguments: [
    ("cross-site", false), ("Cross-Site", false), ("same-origin", true), ("same-site", true), ("none", true),
    (nil, true),
  ])
  func aRequestThatAnotherSiteCausedIsRefusedEverywhere(site: String?, isAdmitted: Bool) {
    for target in ["/healthz", "/metrics", "/api/v1/status", "/api/v1/rejections"] {
      let head = RequestHead(method: "GET", target: target, host: "localhost:8081", fetchSite: site)
      #expect(Self.code(Self.admission().admit(head)) == (isAdmitted ? "admitted" : "forbidden_origin"))
    }
  }

  @Test(arguments: [
    ("Bearer s3cret", true), ("bearer s3cret", true), ("Bearer s3cret ", false), ("Bearer s3cre", false),
    ("Bearer s3crets", false), ("Bearer s3crets3cret", false), ("Bearer", false), ("Bearer ", false),
    ("s3cret", false),
    ("Basic s3cret", false), ("", false),
  ])
  func onlyTheTokenWillDo(authorization: String, isAdmitted: Bool) {
    let head = RequestHead(method: "GET", target: "/metrics", authorization: authorization)
    #expect(
      Self.code(Self.admission(token: "s3cret").admit(head)) == (isAdmitted ? "admitted" : "unauthorized"))
  }

  @Test func anEmptyTokenIsNobodys() {
    #expect(AdminAccess(token: "").caller(with: "") == nil)
    #expect(AdminAccess(token: "").caller(with: "x") == nil)
  }

  /// Who has no token is told nothing of what there is.
  @Test func theTokenIsAskedForBeforeThePathIsLookedAt() {
    for target in ["/nowhere", "/api/v1/reload"] {
      let head = RequestHead(method: "GET", target: target)
      #expect(Self.code(Self.admission(token: "s3cret").admit(head)) == "unauthorized")
    }
  }

  /// Who has mistaken the ports is told so without a token; but nothing of what the API has, or has not.
  @Test func whatIsPostedBesideTheAPIIsToldOfThePortAndWithinItOnlyWhoHasAToken() {
    func admitted(_ target: String, _ authorization: String? = nil) -> APIError? {
      let head = RequestHead(method: "POST", target: target, authorization: authorization)
      guard case .failure(let error) = Self.admission(token: "s3cret").admit(head) else { return nil }
      return error
    }
    #expect(admitted("/huggy")?.message.contains("takes no envelopes") == true)
    #expect(admitted("/api/v1/nothing")?.code == "unauthorized")
    let known = admitted("/api/v1/nothing", "Bearer s3cret")
    #expect(known?.code == "not_found" && known?.message.contains("there is nothing at") == true)
  }

  @Test func theQueryIsNoPartOfThePath() {
    let head = RequestHead(method: "GET", target: "/api/v1/deliveries?state=dead#x")
    #expect(head.path == "/api/v1/deliveries")
    #expect(head.query == "state=dead")
    #expect(EndpointTable.relay.place(at: head.path)?.methods == ["GET", "HEAD"])
  }

  @Test(arguments: [
    ("/", "GET /", [:]), ("/dashboard/app.js", "GET /dashboard/{file}", ["file": "app.js"]),
    (
      "/dashboard/pages/live.js", "GET /dashboard/{folder}/{file}", ["folder": "pages", "file": "live.js"]
    ),
    ("/login", "POST /login", [:]), ("/logout", "POST /logout", [:]),
    ("/api/v1/session", "GET /api/v1/session", [:]),
    ("/healthz", "GET /healthz", [:]), ("/readyz", "GET /readyz", [:]), ("/metrics", "GET /metrics", [:]),
    ("/api/v1/status", "GET /api/v1/status", [:]),
    ("/api/v1/events/evt%5F1", "GET /api/v1/events/{event}", ["event": "evt_1"]),
    ("/api/v1/events/replay", "POST /api/v1/events/replay", [:]),
    ("/api/v1/replays", "GET /api/v1/replays", [:]),
    ("/api/v1/replays/7", "GET /api/v1/replays/{replay}", ["replay": "7"]),
    ("/api/v1/replays/7/cancel", "POST /api/v1/replays/{replay}/cancel", ["replay": "7"]),
    ("/api/v1/deliveries", "GET /api/v1/deliveries", [:]),
    ("/api/v1/deliveries/retry", "POST /api/v1/deliveries/retry", [:]),
    ("/api/v1/deliveries/discard", "POST /api/v1/deliveries/discard", [:]),
    (
      "/api/v1/destinations/a.b-c_d/pause", "POST /api/v1/destinations/{destination}/pause",
      ["destination": "a.b-c_d"]
    ),
    ("/api/v1/destinations/x/resume", "POST /api/v1/destinations/{destination}/resume", ["destination": "x"]),
    (
      "/api/v1/destinations/a%2Fb/pause", "POST /api/v1/destinations/{destination}/pause",
      ["destination": "a/b"]
    ),
    ("/api/v1/reload", "POST /api/v1/reload", [:]), ("/api/v1/rejections", "GET /api/v1/rejections", [:]),
    ("/api/v1/gaps", "GET /api/v1/gaps", [:]), ("/api/v1/nodes", "GET /api/v1/nodes", [:]),
    ("/api/v1/events", "GET /api/v1/events", [:]),
    ("/api/v1/notify/x/test", "POST /api/v1/notify/{receiver}/test", ["receiver": "x"]),
    ("/api/v1/destinations/x/test", "POST /api/v1/destinations/{destination}/test", ["destination": "x"]),
    ("/api/v1/sources/x/publish", "POST /api/v1/sources/{source}/publish", ["source": "x"]),
    ("/api/v1/sources/x/token", "POST /api/v1/sources/{source}/token", ["source": "x"]),
    ("/api/v1/store/backup", "POST /api/v1/store/backup", [:]),
  ])
  func eachPathStandsForOneThing(path: String, endpoint: String, names: [String: String]) {
    let place = EndpointTable.relay.place(at: path)
    #expect(place?.endpoints.map(\.id) == [endpoint])
    #expect(place?.names == names)
  }

  @Test func noTwoEndpointsAreTheSame() {
    let ids = EndpointTable.relay.endpoints.map(\.id)
    #expect(Set(ids).count == ids.count)
  }

  @Test(arguments: [
    "", "healthz", "x/healthz", "*", "/api", "/api/v1", "/api/v1/x", "/api/v1/events/",
    "/api/v1/events/a/b",
    "/api/v1/destinations/x", "/api/v1/destinations/x/stop", "/api/v1/status/", "http://x/healthz",
  ])
  func anyOtherPathStandsForNothing(path: String) {
    #expect(EndpointTable.relay.place(at: path) == nil)
  }
}
