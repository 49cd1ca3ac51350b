import RelayJSON
import Testing

@Suite struct FieldTests {
  @Test func aPathLeadsThroughObjects() throws {
    #expect(
      try notes(in: #"{"a":{"b":{"c":1},"c":2},"b":3,"c":4}"#, paths: ["a.b.c", "c"]) == ["a.b.c=1", "c=4"])
  }

  @Test func aPathMayBeAPrefixOfAnother() throws {
    #expect(
      try notes(in: #"{"chat":{"id":7}}"#, paths: ["chat.id", "chat"]) == [#"chat={"id":7}"#, "chat.id=7"])
    #expect(try notes(in: #"{"chat":7}"#, paths: ["chat.id", "chat"]) == ["chat=7"])
  }

  @Test func duplicatedPathsBothGetTheValues() throws {
    let document = #"{"messages":{"t":{"a":[1]}}}"#
    let fields = try scan(document, noting: ["a", "b", "a"]).fields
    #expect(fields.map(\.slot) == [0, 2, 0, 2])
    #expect(fields.map(\.value.kind) == [.array, .array, .number, .number])
    #expect(FieldTree(paths: [["a"], ["b"], ["a"]]).slotCount == 3)
  }

  @Test func theEmptyPathIsTheEventItself() throws {
    let document = #"{"messages":{"t":[{"a":1}, {} ]}}"#
    let envelope = try EnvelopeScanner(fields: FieldTree(paths: [[], ["a"]])).scan(Array(document.utf8))
    #expect(envelope.fields.map { $0.value.text(in: Array(document.utf8)) } == [#"{"a":1}"#, "1", "{}"])
  }

  @Test func anArrayAndEachOfItsElementsAreNoted() throws {
    #expect(
      try notes(in: #"{"tags":["a","b"]}"#, paths: ["tags"]) == [#"tags=["a","b"]"#, "tags=a", "tags=b"])
    #expect(
      try notes(in: #"{"t":[[1, []],{"x":2}]}"#, paths: ["t", "t.x"]) == [
        #"t=[[1, []],{"x":2}]"#, "t=[1, []]", "t=1", "t=[]", #"t={"x":2}"#, "t.x=2",
      ])
  }

  @Test func aPathLeadsThroughArraysOfArrays() throws {
    #expect(
      try notes(in: #"{"items":[{"id":1},[{"id":2},3],{"id":[4]}]}"#, paths: ["items.id"])
        == ["items.id=1", "items.id=2", "items.id=[4]", "items.id=4"])
  }

  @Test func everyKindIsNoted() throws {
    let document = #"{"messages":{"t":{"a":[null,true,false,-1.5e3,"s\n",{},[]]}}}"#
    let fields = try scan(document, noting: ["a"]).fields
    #expect(fields.map(\.value.kind) == [.array, .null, .true, .false, .number, .string, .object, .array])
    #expect(fields.map(\.value.hasEscapes) == [false, false, false, false, false, true, false, false])
  }

  static let duplicates: [(String, [String])] = [
    (#"{"a":1,"a":2}"#, ["a=2"]),
    (#"{"a":1,"b":9,"a":2}"#, ["b=9", "a=2"]),
    (#"{"a":1,"\u0061":2}"#, ["a=2"]),
    (#"{"a":{"b":1},"a":{"c":2}}"#, [#"a={"c":2}"#, "a.c=2"]),
    (#"{"a":{"b":1},"b":9,"a":{"c":2}}"#, ["b=9", #"a={"c":2}"#, "a.c=2"]),
    (#"{"a":{"b":1},"a":{}}"#, ["a={}"]), (#"{"b":[1,2],"c":0,"b":{}}"#, ["b={}"]),
    (
      #"{"a":[{"b":1,"b":2},{"b":3}]}"#,
      [#"a=[{"b":1,"b":2},{"b":3}]"#, #"a={"b":1,"b":2}"#, "a.b=2", #"a={"b":3}"#, "a.b=3"]
    ),
    (#"{"a":{"b":1,"c":2,"b":3},"b":4,"a":{"b":5}}"#, ["b=4", #"a={"b":5}"#, "a.b=5"]),
    (#"{"a":1,"b":2,"a":3,"b":4,"a":5}"#, ["b=4", "a=5"]), (#"{"b":1,"x":{"b":2},"x":{"b":3}}"#, ["b=1"]),
  ]

  @Test(arguments: duplicates)
  func theLastOfDuplicateKeysCountsWithAllBelow(event: String, expected: [String]) throws {
    #expect(try notes(in: event, paths: ["a", "b", "a.b", "a.c"]) == expected)
  }

  @Test func aDuplicateInOneEventDoesNotTouchTheOthers() throws {
    let document = #"{"messages":{"t":[{"a":1,"b":2,"a":3},{"a":4},{"b":5,"a":6,"b":7,"b":8}]}}"#
    let envelope = try scan(document, noting: ["a", "b"])
    let texts = envelope.events.map { event in
      envelope.fields[event.fields].map { $0.value.text(in: Array(document.utf8)) }
    }
    #expect(texts == [["2", "3"], ["4"], ["6", "8"]])
  }

  @Test func keysCompareByTheirDecodedText() throws {
    #expect(try notes(in: #"{"\u0063h\u0061t":{"\u0069d":1}}"#, paths: ["chat.id"]) == ["chat.id=1"])
    #expect(try notes(in: #"{"caf\u00e9":1,"\ud83d\ude00":2}"#, paths: ["café", "😀"]) == ["café=1", "😀=2"])
    #expect(try notes(in: #"{"Chat":1,"cha":2,"chats":3,"chat ":4,"":5}"#, paths: ["chat"]).isEmpty)
  }

  @Test func keysOfAnyTextAndLengthAreFound() throws {
    let keys = [
      "", "a.b", "\"", "\\", "\n", "\u{0}", String(repeating: "k", count: 63),
      String(repeating: "k", count: 70),
    ]
    var event: [UInt8] = Array(#"{"messages":{"t":{"#.utf8)
    for (index, key) in keys.enumerated() {
      if index > 0 { event.append(UInt8(ascii: ",")) }
      JSONWriter.appendString(key, to: &event)
      event.append(contentsOf: ":\(index)".utf8)
    }
    event.append(contentsOf: "}}}".utf8)
    let envelope = try EnvelopeScanner(fields: FieldTree(paths: keys.map { [$0] })).scan(event)
    #expect(envelope.fields.map(\.slot) == Array(keys.indices))
    #expect(envelope.fields.map { $0.value.text(in: event) } == keys.indices.map(String.init))
  }

  @Test func aTreeOfManyPathsFindsEachOfThem() throws {
    let keys = (0..<300).map { "chat_field_\($0)_id" }
    let event = "{" + keys.map { #""\#($0)":{"x":"\#($0)"}"# }.joined(separator: ",") + "}"
    let found = try notes(in: event, paths: keys.map { "\($0).x" })
    #expect(found == keys.map { "\($0).x=\($0)" })
  }

  @Test func onlyEventsAreLookedInto() throws {
    let document = #"{"a":1,"token":{"a":2},"messages":{"a":3,"t":[[{"a":4}],{"b":{"a":5}}]},"x":[{"a":6}]}"#
    #expect(try scan(document, noting: ["a"]).fields.isEmpty)
  }

  /// Were the time quadratic, these would take many minutes.
  @Test(
    .timeLimit(.minutes(15)),
    arguments: [
      #""a":1"#, #""a":1,"b":2"#, #""a":{"b":1,"c":2,"b":3},"b":0"#,
    ])
  func aHundredThousandDuplicateKeysCostLinearTime(members: String) throws {
    let event = "{" + Array(repeating: members, count: 100_000).joined(separator: ",") + "}"
    let once = try notes(in: "{\(members)}", paths: ["a", "b", "a.b", "a.c"])
    #expect(try notes(in: event, paths: ["a", "b", "a.b", "a.c"]) == once)
  }
}
