import RelayConfig
import RelayCore
import Testing

@Suite struct SystemdListenTests {
  @Test func theIngestListensOnSystemdsSockets() throws {
    let server = try configuration(of: withSource("server: { listen: systemd }")).server
    #expect(server.listen == .systemd && "\(server.listen)" == "systemd")
  }

  @Test func theAdminAPIDoesNot() {
    #expect(
      problems(of: withSource("server: { admin: systemd, admin_token: t }")) == [
        "1:18: server.admin: 'systemd' is for server.listen alone; write an address such as 127.0.0.1:8081, or off"
      ])
  }
}
