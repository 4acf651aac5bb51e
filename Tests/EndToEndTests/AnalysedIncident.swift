import Testing
import TidemarkTestSupport

/// The bundled incident, analysed.
/// - Returns: its database, which lies in no report's folder.
func analysedIncident(_ folder: TemporaryFolder, name: String = "fleet.sqlite") throws -> String {
    let database = folder.path(name)
    let run = try runTidemark([
        "run", fixture("incident").path, "--db", database, "--out", folder.path("plain"), "--quiet",
    ])
    #expect(run.status == 0, "\(run.errors)")
    return database
}
