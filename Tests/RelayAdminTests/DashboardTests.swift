import Foundation
import RelayCore
import Testing

@testable import RelayAdmin

/// The dashboard's files, as the listener serves them.
@Suite(.timeLimit(.minutes(15))) struct DashboardTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(
      "Sources/CDashboard/files")

  private static let paths = DashboardFile.all.map { $0.path == "index.html" ? "/" : "/dashboard/\($0.path)" }

  /// Broken by a new file that nobody put on the list: the page would ask for it in vain.
  @Test func everyFileOfTheFolderIsInTheBinaryAndNoOther() throws {
    let manager = FileManager.default
    let found = try manager.subpathsOfDirectory(atPath: Self.folder.path).filter { path in
      let kind = try manager.attributesOfItem(atPath: Self.folder.appendingPathComponent(path).path)[.type]
      return kind as? FileAttributeType == .typeRegular
    }
    #expect(
      found.sorted() == DashboardFile.embedded.map(\.path).sorted(),
      "list each file of Sources/CDashboard/files in Sources/CDashboard/dashboard.c")
    for (path, bytes) in DashboardFile.embedded {
      let url = Self.folder.appendingPathComponent(path)
      #expect(try Data(contentsOf: url) == Data(bytes), "\(path)")
      #expect(
        DashboardFile.at(path)?.contentType != nil,
        "\(path): DashboardFile.contentType does not know what it is")
    }
  }

  @Test func remarksAndIndentationAreNotSent() {
    let source = "// Why.\nif (a) {\n  // How.\n  b(\"//c\"); // d\n\n}\n"
    let sent = DashboardFile.withoutRemarks(Array(source.utf8))
    #expect(String(decoding: sent, as: UTF8.self) == "if (a) {\nb(\"//c\"); // d\n}\n")
  }

  @Test func stylesAreSentWithoutSpacesThatSayNothing() {
    let source =
      "/* Why. */\n.a > .b, td :is(c, d) { x: y z; content: \"a: { b\"; }\n  @media (w: 1px) { & { e: f } }\n"
    let sent = DashboardFile.withoutSpaces(DashboardFile.withoutRemarks(Array(source.utf8)))
    #expect(
      String(decoding: sent, as: UTF8.self)
        == ".a > .b,td :is(c,d){x:y z;content:\"a: { b\";}@media (w:1px){&{e:f}}")
  }

  /// Broken by a space within a text, or one that keeps two signs apart.
  @Test func scriptsAreSentWithoutSpacesThatSayNothing() {
    let source = """
      if (a && b) return { c: "d, \\" { e", f: [1, 2] };
      const g = (h) => h ? -1 + +h : typeof h;
      i = `j, ${k} l`;
      m = n.replace(/ , /, ", ");

      """
    #expect(
      String(decoding: ScriptSpaces.removed(from: Array(source.utf8)), as: UTF8.self) == """
        if(a&&b)return{c:"d, \\" { e",f:[1,2]};
        const g=(h)=>h?-1 + +h:typeof h;
        i = `j, ${k} l`;
        m = n.replace(/ , /, ", ");

        """)
  }

  /// Broken by a text over several lines, whose indentation would be lost.
  @Test func noTextGoesOverSeveralLines() {
    for (path, bytes) in DashboardFile.embedded where path.hasSuffix(".js") {
      #expect(
        JavaScriptScan.linesOfLongTexts(in: bytes) == [], "\(path): no text of `…` may hold a line's end")
    }
    for file in DashboardFile.all where file.path.hasSuffix(".js") {
      #expect(!String(decoding: file.bytes, as: UTF8.self).contains("<!--"), "\(file.path): a remark")
    }
    let source = "a(/[`/]/, \"`\"); // `\nb(`x ${c({\n  d: `e` })} f`);\ng = `h\n  ${i}\n`;\n"
    #expect(JavaScriptScan.linesOfLongTexts(in: Array(source.utf8)) == [4, 5])
  }

  /// What a browser loads to see all pages, in its language.
  @Test(arguments: ["en", "pt"]) func thePageWeighsNoMoreThanIsPromised(language: String) {
    let loaded = DashboardFile.all.filter { file in
      !file.path.hasPrefix("i18n/") || file.path.hasSuffix("\(language).js")
    }
    let weight = loaded.map(\.bytes.count).reduce(0, +)
    #expect(weight <= 150 * 1_024, "\(weight) bytes")
  }

  /// Whom the page is for can't be known before it is there.
  @Test(arguments: paths) func eachFileIsForEverybodyAndSaysWhatItIs(path: String) async throws {
    try await withServer(token: "s3cret") { server in
      let answer = try await server.get(path)
      let file = try #require(
        DashboardFile.all.first { path.hasSuffix("/\($0.path)") || path == "/" && $0.path == "index.html" })
      #expect(answer.status == 200)
      #expect(Array(answer.body.utf8) == file.bytes)
      #expect(answer.header("content-type") == file.contentType)
      #expect(answer.header("content-length") == "\(file.bytes.count)")
      #expect(answer.header("etag") == file.etag)
      #expect(answer.header("cache-control") == "no-cache")
      #expect(answer.header("x-content-type-options") == "nosniff")
      #expect(answer.header("referrer-policy") == "no-referrer")
      #expect(answer.header("cross-origin-opener-policy") == "same-origin")
      #expect(answer.header("cross-origin-resource-policy") == "same-origin")
      let head = try await server.send("HEAD", path)
      #expect(head.status == 200 && head.body == "")
      #expect(head.header("content-length") == "\(file.bytes.count)" && head.header("etag") == file.etag)
    }
  }

  @Test func thePageMayRunAndLoadNothingButItsOwn() async throws {
    try await withServer { server in
      let policy = try #require(try await server.get("/").header("content-security-policy"))
      let rules = policy.split(separator: ";").map { $0.drop { $0 == " " } }
      #expect(rules.contains("default-src 'none'"))
      for rule in ["script-src", "style-src", "img-src", "connect-src", "form-action"] {
        #expect(rules.contains("\(rule) 'self'"))
      }
      #expect(rules.contains("base-uri 'none'") && rules.contains("frame-ancestors 'none'"))
      #expect(!policy.contains("unsafe") && !policy.contains("*") && !policy.contains("data:"))
    }
  }

  @Test func whoHasTheSameBytesIsSentNone() async throws {
    let tag = try #require(DashboardFile.at("index.html")).etag
    try await withServer { server in
      for condition in [tag, "W/\(tag)", "\"other\", \(tag)", "\"other\",W/\(tag) ", "*"] {
        let answer = try await server.get("/", headers: ["If-None-Match: \(condition)"])
        #expect(answer.status == 304, "\(condition)")
        #expect(answer.body == "" && answer.header("etag") == tag)
        #expect(answer.header("content-security-policy") != nil && answer.header("transfer-encoding") == nil)
      }
      for condition in ["\"other\"", "", String(tag.dropLast()), "\"\""] {
        let answer = try await server.get("/", headers: ["If-None-Match: \(condition)"])
        #expect(answer.status == 200, "\(condition)")
      }
    }
  }

  @Test(arguments: [
    "/dashboard/nothing.js", "/dashboard/pages/nothing.js", "/dashboard/../index.html",
    "/dashboard/%2e%2e/index.html",
    "/dashboard/..%2Findex.html", "/dashboard/pages%2Foverview.js",
  ])
  func anyOtherFileIsNotThere(path: String) async throws {
    try await withServer { server in
      let answer = try await server.get(path)
      #expect(answer.status == 404 && answer.body.contains("not_found"), "\(answer.body)")
    }
  }

  /// A link in a mail or a message leads to the page; nothing else that another site does.
  @Test func aLinkMayLeadToThePageAndToNothingElse() async throws {
    let link = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"]
    var refused: [(path: String, headers: [String])] = []
    for path in ["/api/v1/status", "/dashboard/app.js", "/healthz"] { refused.append((path, link)) }
    for dest in ["iframe", "script", "image", "empty"] {
      refused.append(("/", Array(link.dropLast()) + ["Sec-Fetch-Dest: \(dest)"]))
    }
    refused.append(("/", [link[0], "Sec-Fetch-Mode: no-cors", link[2]]))
    refused.append(("/", link + ["Host: evil.example"]))
    try await withServer { server in
      let page = try await server.get("/", headers: link)
      #expect(page.status == 200)
      for (path, headers) in refused {
        let answer = try await server.get(path, headers: headers)
        #expect(answer.status == 403, "\(path): \(headers)")
      }
    }
  }
}
