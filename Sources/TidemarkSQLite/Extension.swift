import CSQLite
import TidemarkSampleTable

/// The entry point by which SQLite loads this library as an extension: `.load ./libTidemarkSQLite` in the shell,
/// `connection.load_extension(…)` in Python. It brings the table `sample(series_id, ts_ms, value)`.
///
/// SQLite looks for this name first, whatever the file is called.
@_cdecl("sqlite3_extension_init")
public func sqlite3ExtensionInit(
    _ database: OpaquePointer?, _ message: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?,
    _ routines: UnsafePointer<sqlite3_api_routines>?
) -> Int32 {
    SampleTable.register(database, routines)
}
