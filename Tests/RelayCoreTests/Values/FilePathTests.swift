import Testing

@testable import RelayCore

@Suite struct FilePathTests {
  @Test(arguments: [
    ("a.yaml", "/x/y", "/x/y/a.yaml"), ("./a", "/x", "/x/a"), ("../a", "/x/y", "/x/a"),
    ("../../../a", "/x", "/a"),
    ("/b//c/./d/../e", "/x", "/b/c/e"), ("", "/x/", "/x"), ("..", "/", "/"),
  ])
  func anAbsolutePathHasNoDots(path: String, folder: String, whole: String) {
    #expect(FilePath.absolute(path, in: folder) == whole)
  }
}
