import RelaySystem

/// Random numbers that are the same on every run.
package typealias SplitMix64 = RelaySystem.SplitMix64

extension SplitMix64 {
  package mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

  package mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

  package mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }
}
