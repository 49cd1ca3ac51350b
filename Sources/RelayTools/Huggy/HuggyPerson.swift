/// A contact or an agent, as Huggy describes them.
struct HuggyPerson: Sendable {
  var id: Int
  var name: String
  /// Digits; nil where Huggy knows none.
  var mobile: String?
  var phone: String?
  var email: String?

  static let photo = "https://c.pzw.io/img/avatar-user-boy.jpg"

  var json: JSONTree {
    [
      "id": .number(id), "name": .string(name), "mobile": .optional(mobile), "phone": .optional(phone),
      "email": .optional(email), "photo": .string(Self.photo),
    ]
  }

  static let agents = [
    HuggyPerson(
      id: 39_708, name: "Kivya", mobile: "5575999990001", phone: "5575999990001", email: "kivya@teste.com"),
    HuggyPerson(
      id: 8_792, name: "Patrícia Santos", mobile: "557533333333", phone: "557599999999",
      email: "patricia@teste.com"),
    HuggyPerson(
      id: 33_980, name: "Amanda Muniz", mobile: "557599999999", phone: "557533333333",
      email: "Amanda@teste.com"),
    HuggyPerson(id: 40_419, name: "John Doe", mobile: "5575999999999", phone: nil, email: "john@doe.com"),
  ]

  static let bot = HuggyPerson(id: 1, name: "Assistente Virtual", mobile: nil, phone: nil, email: nil)

  /// A contact who has just come up. A widget's visitors may stay without a name.
  static func contact(isAnonymous: Bool, _ draws: inout Draws) -> HuggyPerson {
    let id = draws.freshID()
    if isAnonymous {
      return HuggyPerson(
        id: id, name: "L\(draws.number(in: 1 << 60..<1 << 62))", mobile: nil, phone: nil, email: nil)
    }
    let (name, mailbox) = draws.pick(names)
    return HuggyPerson(
      id: id, name: name,
      mobile: draws.oneIn(5) ? nil : "5575\(draws.number(in: 900_000_000..<1_000_000_000))",
      phone: draws.oneIn(2) ? nil : "5575\(draws.number(in: 30_000_000..<40_000_000))",
      email: draws.oneIn(4)
        ? nil : "\(mailbox)\(id % 1_000)@\(draws.pick(["teste.com", "acme.com", "exemplo.com.br"]))")
  }

  private static let names = [
    ("João", "joao"), ("Conceição Araújo", "conceicao"), ("Antônio José da Silva", "antonio"),
    ("Inês Gonçalves", "ines"),
    ("Charles Edward", "edward"), ("Luíza Magalhães", "luiza"), ("Sebastião d'Ávila", "sebastiao"),
    ("Mônica Brandão", "monica"), ("carlos", "carlos"), ("Müller & Irmãos Ltda.", "contato"),
  ]
}

extension JSONTree {
  static func optional(_ text: String?) -> JSONTree { text.map { .string($0) } ?? .null }
}
