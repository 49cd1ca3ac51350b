import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

@Suite struct CertificateBookTests {
  private static let day = 86_400
  private let crm = Destination(name: "crm", url: Secret("https://crm.example/x"))
  private var book = CertificateBook()

  private func now(_ second: Int) -> ClockReading {
    ClockReading(steady: .second(second), wall: .second(second))
  }

  private func isDue(_ second: Int) -> Bool { !book.due(among: [crm], at: now(second)).isEmpty }

  private mutating func looked(_ second: Int, daysLeft: Int?) {
    let certificate = daysLeft.map {
      ProbeReport.Certificate(subject: "CN=crm", end: .second(second + $0 * Self.day + 60), chainLength: 2)
    }
    book.looked(at: crm, certificate, now: now(second))
  }

  private func state(_ second: Int) -> NoticeState? {
    book.states(of: [crm], at: now(second))[NoticeSamples.key(.certificate)]
  }

  @Test mutating func oneThatIsWellIsLookedAtOnceADay() {
    #expect(isDue(0) && state(0)?.standing == .unknown)
    looked(0, daysLeft: 90)
    #expect(!isDue(Self.day - 1) && isDue(Self.day))
    #expect(state(0)?.standing == .off)
  }

  @Test mutating func oneThatEndsSoonIsToldAndLookedAtEachHour() {
    looked(0, daysLeft: 13)
    #expect(state(0)?.standing == .on)
    #expect(state(0)?.detail.hasPrefix("CN=crm ends on 2026-01-15 03:05:05 UTC, in 13 days") == true)
    #expect(!isDue(3_599) && isDue(3_600))
    looked(3_600, daysLeft: 90)
    #expect(state(3_600)?.standing == .off)
  }

  @Test mutating func whatCouldNotBeSeenIsAsItWas() {
    looked(0, daysLeft: 13)
    looked(3_600, daysLeft: nil)
    #expect(state(3_600)?.standing == .on)
    #expect(state(20 * Self.day)?.detail.hasPrefix("CN=crm ended on") == true)
  }

  @Test mutating func anotherAddressIsAnotherCertificate() {
    looked(0, daysLeft: 13)
    var other = crm
    other.url = Secret("https://other.example")
    #expect(book.due(among: [other], at: now(1)).map(\.name) == ["crm"])
    #expect(book.states(of: [other], at: now(1))[NoticeSamples.key(.certificate)]?.standing == .unknown)
  }

  @Test func withoutTLSOrWithoutItsCheckThereIsNothingToLookAt() {
    var unchecked = crm
    unchecked.tls.verifies = false
    let plain = Destination(name: "bi", url: Secret("http://bi.example"))
    #expect(book.due(among: [unchecked, plain], at: now(0)) == [])
  }

  /// Broken by an unknown, which would let what was told stand forever.
  @Test mutating func whatIsLookedAtNoLongerIsOver() {
    looked(0, daysLeft: 13)
    let key = NoticeSamples.key(.certificate)
    var unchecked = crm
    unchecked.tls.verifies = false
    var plain = crm
    plain.url = Secret("http://crm.example/x")
    for changed in [unchecked, plain] {
      #expect(book.states(of: [changed], at: now(1))[key]?.standing == .off)
    }
  }

  @Test mutating func whatIsGoneIsForgotten() {
    looked(0, daysLeft: 13)
    book.forget(besides: [crm])
    #expect(state(1)?.standing == .on)
    book.forget(besides: [])
    #expect(state(1)?.standing == .unknown && isDue(1))
  }
}
