import RelayCore
import Testing

struct OrderKeyTests {
  private func key(_ chat: String, run: Int = 0) -> String? {
    Ordering.chat.key(source: "huggy", chat: chat, run: run)
  }

  @Test func aChatIsToldBySourceAndId() {
    #expect(key("7") == "huggy/7")
    #expect(key("7", run: 3) == "3 huggy/7")
    #expect(Ordering.chat.key(source: "huggy", chat: nil, run: 0) == nil)
  }

  /// Broken by a key that no index has room for: then nothing that comes with it can be stored.
  @Test func aLongIdIsToldByItsBeginning() throws {
    let long = String(repeating: "ã/", count: 5_000)
    let told = try #require(key(long))
    #expect(told.utf8.count < 600 && key(long + "x") == told && key("x" + long) != told)
    #expect(key(String(repeating: "a", count: 512)) != key(String(repeating: "a", count: 511)))
  }

  @Test(arguments: ["", "3 "]) func aKeyOfAnEarlierReleaseIsShortenedToTheSame(run: String) {
    let long = String(repeating: "ã/", count: 5_000)
    #expect(Ordering.shortened("\(run)huggy/\(long)") == key(long, run: run.isEmpty ? 0 : 3))
    #expect(Ordering.shortened("\(run)huggy/7/8") == "\(run)huggy/7/8")
    #expect(Ordering.shortened("") == "" && Ordering.shortened("3 ") == "3 ")
  }
}
