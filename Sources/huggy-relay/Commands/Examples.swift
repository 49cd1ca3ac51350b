/// What a command's help says beside its options: a few words, and how it is called. Each command has an example; a test asks all of
/// them for it.
func discussion(_ text: String = "", examples: String...) -> String {
  let title = examples.count == 1 ? "Example:" : "Examples:"
  let lines = ([title] + examples.map { "  \($0)" }).joined(separator: "\n")
  return text.isEmpty ? lines : "\(text)\n\n\(lines)"
}
