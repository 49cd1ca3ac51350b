import RelayCore
import Testing

@Suite struct SourcePathTests {
  @Test(arguments: [
    ("/huggy", "/huggy"), ("/huggy/", "/huggy"), ("//huggy", "/huggy"), ("/hugg%79", "/huggy"),
    ("/%48uggy", "/Huggy"), ("///hooks///in//", "/hooks/in"), ("/", "/"), ("//", "/"), ("", ""),
    ("/a%2D%5F%7e%30", "/a-_~0"),
  ])
  func spellingsOfOnePathAreOne(path: String, canonical: String) {
    #expect(SourcePath.canonical(path) == canonical)
    #expect(SourcePath.canonical(canonical) == canonical)
  }

  @Test(arguments: [
    "/hooks%2Fin", "/%2E/huggy", "/%2e%2e/huggy", "/./huggy", "/huggy;v=1", "/HUGGY", "/a%20b", "/%C3%A9",
    "/é",
    "/100%", "/a%4", "/a%zz", "*", "huggy",
  ])
  func whatMayMeanSomethingElseStays(path: String) {
    #expect(SourcePath.canonical(path) == path)
  }

  /// `%25` is a percent sign: what follows it is no escape.
  @Test func escapesAreDecodedOnce() {
    #expect(SourcePath.canonical("/%2568uggy") == "/%2568uggy")
    #expect(SourcePath.canonical("/%%368uggy") == "/%68uggy")
  }
}
