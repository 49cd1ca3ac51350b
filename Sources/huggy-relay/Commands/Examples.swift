/// What a command's help says beside its options: a few words, and how it is called. Each command has an example; a test asks all of
/// them for it.
///
/// - Parameter examples: Each is a command that can be pasted, perhaps under a line `# what for`. No line is longer than 78 characters: on a
///   terminal of 80 columns the help would break it.
func discussion(_ text: String = "", examples: String...) -> String {
  let title = examples.count == 1 ? "Example:" : "Examples:"
  let lines = ([title] + examples.flatMap { $0.split(separator: "\n").map { "  \($0)" } }).joined(
    separator: "\n")
  return text.isEmpty ? lines : "\(text)\n\n\(lines)"
}
