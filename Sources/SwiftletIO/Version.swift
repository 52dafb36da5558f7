/// The version of this library: the one place where it is written down. A release's tag and its part of `CHANGELOG.md`
/// carry the same number.
public let swiftletVersion = "0.1.0"
