import RelayJSON

/// What routing looks at: an event within its document, and the values that were noted while it was scanned.
package struct EventView {
  package let source: String
  package let type: String
  package let company: String?
  package let channel: String?
  package let chat: String?
  let document: UnsafeBufferPointer<UInt8>
  let fields: ArraySlice<NotedField>

  /// - Parameters:
  ///   - fallbackCompany: The source's (or its token's) company, for events that name none.
  ///   - fields: Noted with the tree of the routing table that will look at this view.
  package init(
    source: String, type: String, fallbackCompany: String?, fields: ArraySlice<NotedField>,
    document: UnsafeBufferPointer<UInt8>
  ) {
    self.source = source
    self.type = type
    self.document = document
    self.fields = fields
    company =
      StandardField.text(.companyID, fields, document)
      ?? StandardField.text(.bareCompanyID, fields, document)
      ?? fallbackCompany
    channel =
      StandardField.channel(at: .chatChannel, fields, document)
      ?? StandardField.channel(at: .channel, fields, document)
    chat =
      StandardField.text(.chatID, fields, document)
      ?? StandardField.text(.bareChatID, fields, document)
      ?? (HuggyEventType.isOfChat(type) ? StandardField.text(.id, fields, document) : nil)
  }

  /// The values noted at one slot of the routing table's tree; several only through an array.
  func values(at slot: Int) -> some Sequence<JSONValue> {
    fields.lazy.filter { $0.slot == slot }.map(\.value)
  }

  func text(of value: JSONValue) -> String { value.text(in: document) }

  /// The bytes of a value that holds no escape.
  func bytes(of value: JSONValue) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(rebasing: document[value.range])
  }
}

/// The fields that every event is asked for. The raw value is the slot: they come first in each tree.
enum StandardField: Int, CaseIterable {
  case companyID, bareCompanyID
  // A channel's three spellings stand next to one another.
  case chatChannel, chatChannelSource, chatChannelName
  case channel, channelSource, channelName
  case chatID, bareChatID, id

  var path: [String] {
    switch self {
    case .companyID: ["company", "id"]
    case .bareCompanyID: ["companyID"]
    case .chatChannel: ["chat", "channel"]
    case .chatChannelSource: ["chat", "channel", "source"]
    case .chatChannelName: ["chat", "channel", "name"]
    case .channel: ["channel"]
    case .channelSource: ["channel", "source"]
    case .channelName: ["channel", "name"]
    case .chatID: ["chat", "id"]
    case .bareChatID: ["chatID"]
    case .id: ["id"]
    }
  }

  /// A string's or number's text. Huggy writes `false` and `null` where there is nothing.
  static func text(
    _ field: StandardField, _ fields: ArraySlice<NotedField>, _ document: UnsafeBufferPointer<UInt8>
  ) -> String? {
    for noted in fields where noted.slot == field.rawValue {
      switch noted.value.kind {
      case .string where noted.value.range.isEmpty: continue
      case .string, .number: return noted.value.text(in: document)
      case .object, .array, .true, .false, .null: continue
      }
    }
    return nil
  }

  /// A channel is a name, or an object of which the `source` counts, else the `name`.
  static func channel(
    at field: StandardField, _ fields: ArraySlice<NotedField>, _ document: UnsafeBufferPointer<UInt8>
  ) -> String? {
    for offset in 0..<3 {
      if let text = text(StandardField(rawValue: field.rawValue + offset)!, fields, document) { return text }
    }
    return nil
  }
}
