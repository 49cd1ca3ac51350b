import CMachine

/// The variables of this process' environment, by name. Of a name that stands there twice the first is taken, as `getenv` does.
package func processEnvironment() -> [String: String] {
  let list = cmachine_environment()
  var variables: [String: String] = [:]
  var place = 0
  while let entry = list?[place] {
    place += 1
    let text = String(cString: entry)
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else { continue }
    let name = String(text[..<equals])
    if variables[name] == nil { variables[name] = String(text[text.index(after: equals)...]) }
  }
  return variables
}
