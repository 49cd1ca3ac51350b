import RelayCore
import Testing

struct FilePathTests {
  @Test(arguments: [
    ("data/relay.db", "data"), ("relay.db", "."), ("/relay.db", "/"), ("/var/lib/relay.db", "/var/lib"),
    ("./relay.db", "."), ("../relay.db", ".."), ("data/", "data"),
  ])
  func theParentIsWhatStandsBeforeTheLastSlash(path: String, parent: String) {
    #expect(FilePath.parent(of: path) == parent)
  }
}
