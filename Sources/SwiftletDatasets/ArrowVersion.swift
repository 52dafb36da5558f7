internal import CArrowInterface

/// The version of the Apache Arrow that is loaded, such as `26.0.1`.
public var arrowVersion: String { String(cString: carrow_version()) }
