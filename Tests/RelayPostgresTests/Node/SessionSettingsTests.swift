import Testing

@testable import RelayPostgres

@Suite(.timeLimit(.minutes(15)))
struct SessionSettingsTests {
  private func value(
    _ name: String, _ purpose: SessionSettings.Purpose = .writer, _ version: Int = 150_018
  ) -> String? {
    SessionSettings(purpose, serverVersion: version).settings.first { $0.name == name }?.value
  }

  @Test func onlyWhatIsOnTheDiskIsCommittedByTheWriter() {
    #expect(value("synchronous_commit") == "on")
    #expect(value("synchronous_commit", .watch) == "off")
    #expect(value("synchronous_commit", .keeping) == "off")
  }

  @Test func aSettingThatAnOlderServerDoesNotKnowIsNotSet() {
    #expect(value("transaction_timeout") == nil)
    #expect(value("transaction_timeout", .writer, 169_999) == nil)
    #expect(value("transaction_timeout", .writer, 170_000) == "20s")
  }

  @Test func whatIsNotAsItWasSetIsRefusedWithItsName() throws {
    let settings = SessionSettings(.writer, serverVersion: 150_018)
    var shown: [String?] = settings.settings.map(\.value)
    #expect(settings.refused(shown) == [])
    let place = try #require(settings.settings.firstIndex { $0.name == "synchronous_commit" })
    shown[place] = "off"
    let refusal = ServerCheck.refusal(settings.refused(shown))
    #expect(refusal?.contains("synchronous_commit to on, and the server shows off") == true)
    shown[place] = nil
    #expect(ServerCheck.refusal(settings.refused(shown))?.contains("shows no such setting") == true)
  }
}
