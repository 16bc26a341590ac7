package dev.culvert.agent;

/** The version that the jar was built as. Stateless. */
final class Version {

    private Version() {}

    static String text() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
