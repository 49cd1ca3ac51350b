import RelayConfig
import RelayCore
import Testing

/// `egress`, and `proxy` of destinations.
@Suite struct NetworkTests {
  private func text(_ destination: String = "", top: String = "", url: String = "https://crm.example")
    -> String
  {
    "sources: { huggy: { token: t } }\n"
      + "destinations: { crm: { url: \"\(url)\"\(destination.isEmpty ? "" : ", \(destination)") } }\n"
      + "routes: [{ name: all, to: crm }]\n\(top)"
  }

  private func network(_ text: String, environment: [String: String] = [:]) throws -> NetworkPolicy {
    try #require(try configuration(of: text, environment: environment).destinations.first).network
  }

  @Test func withoutTheKeysTheDefaultsHold() throws {
    let read = try configuration(of: text())
    #expect(read.egress == EgressPolicy() && read.destinations.first?.network == NetworkPolicy())
    #expect(
      read.egress.deny.map { "\($0)" }
        == ["169.254.0.0/16", "100.100.100.200", "fe80::/10", "fd00:ec2::254"])
  }

  @Test func everythingThatConnectsHasTheEgress() throws {
    let read = try configuration(
      of:
        "egress: { deny: [10.0.0.0/8], allow: 10.1.2.3 }\nnotify: { ops: { url: \"https://chat.example/x\" } }\n"
        + text().replacing("{ token: t }", with: "{ token: t, attachments: { hosts: [files.example] } }"))
    let egress = read.egress
    #expect(egress.deny == [AddressBlock("10.0.0.0/8")!] && egress.allow == [AddressBlock("10.1.2.3")!])
    #expect(read.destinations.map(\.network.egress) == [egress])
    #expect(read.notify.map(\.network.egress) == [egress])
    #expect(read.sources.map(\.attachments?.egress) == [egress])
    #expect(try network(text(top: "egress: { deny: [] }\n")).egress.deny == [])
    #expect(read.tree["egress"]?["deny"] != nil)
  }

  @Test func faultsAreToldWithWhatWouldBeRight() {
    #expect(
      problems(of: text(top: "egress: { deny: [10.0.0.1/8], alow: [] }\n")).map {
        String($0.drop { $0 != " " }.dropFirst())
      }
        == [
          "egress.deny[0]: '10.0.0.1/8' has bits behind its length; write 10.0.0.0/8 for the range, or 10.0.0.1 for the one address",
          "egress.alow: unknown key 'alow'; did you mean 'allow'?",
        ])
    let wrong = problems(of: text("proxy: socks5://ana:s3cret@p:1"))
    #expect(
      wrong.count == 1
        && wrong[0].contains("destinations.crm.proxy: the value is not a proxy; write http://HOST:PORT"))
    #expect(!wrong[0].contains("s3cret"))
  }

  @Test(arguments: [
    ("http://169.254.169.254/latest", true), ("https://[fe80::1]/", true),
    ("http://metadata.google.internal/", true),
    ("http://10.0.0.1/", false),
  ])
  func aDestinationThatIsDeniedIsWarnedOf(_ url: String, _ isWarned: Bool) {
    let warnings = problems(of: text(url: url))
    #expect(warnings.count == (isWarned ? 1 : 0), "\(warnings)")
    if isWarned {
      #expect(
        warnings[0].contains("destinations.crm.url: nothing can be delivered")
          && warnings[0].contains("egress.allow"))
      #expect(problems(of: text(top: "egress: { deny: [] }\n", url: url)).isEmpty)
    }
  }

  @Test func aProxyIsADestinationsOwnOrTheDefaultsOrTheEnvironments() throws {
    let environment = ["https_proxy": "http://env:1"]
    #expect(try network(text("proxy: \"http://own:2\"")).proxy == .through(ProxyAddress("http://own:2")!))
    #expect(
      try network(text(), environment: environment).proxy(for: Secret("https://crm.example"))?.host == "env")
    #expect(try network(text("proxy: off"), environment: environment).proxy == .off)
    let defaults = "defaults: { proxy: \"http://all:3\" }\n"
    #expect(
      try network(text(top: defaults), environment: environment).proxy
        == .through(ProxyAddress("http://all:3")!))
    #expect(try network(text("proxy: off", top: defaults)).proxy == .off)
    let notified = try configuration(
      of: text(top: "notify: { ops: { url: \"https://chat.example/x\" } }\n"), environment: environment)
    #expect(notified.notify[0].network.proxy(for: notified.notify[0].url)?.host == "env")
  }

  @Test func aProxyOfTheEnvironmentThatCannotBeUsedIsAnErrorUnlessNobodyWouldUseIt() {
    let environment = ["https_proxy": "socks5://ana:s3cret@p:1"]
    let errors = problems(of: text(), environment: environment)
    #expect(errors.count == 1 && errors[0].contains("https_proxy") && errors[0].contains("proxy: off"))
    #expect(!errors[0].contains("s3cret"))
    #expect(problems(of: text("proxy: off"), environment: environment).isEmpty)
    #expect(problems(of: text(top: "defaults: { proxy: off }\n"), environment: environment).isEmpty)
  }

  @Test func credentialsOfAProxyAreNotShown() throws {
    let tree = try configuration(of: text("proxy: \"http://ana:s3cret@proxy:3128\"")).tree.yaml()
    #expect(tree.contains("http://proxy:3128") && !tree.contains("s3cret"))
  }
}
