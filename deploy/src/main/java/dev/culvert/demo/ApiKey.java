package dev.culvert.demo;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;

/**
 * The key of the API server in memory, on the curve that clusters mostly use, and the certificate
 * that agents are to trust. Immutable.
 *
 * @param file a PKCS #12 file
 * @param certificate as PEM
 */
record ApiKey(Path file, String certificate) {
    static final String PASSWORD = "changeit";

    /**
     * Makes one for some days, with the JDK's keytool, in a file of this folder.
     *
     * @param address where the server listens
     */
    static ApiKey make(Path folder, String address) throws DemoException {
        Path file = folder.resolve("kubernetes-api.p12");
        try {
            Files.deleteIfExists(file);
            Command.of(keytool(file, address)).output();
            return new ApiKey(file, pem(file));
        } catch (IOException | GeneralSecurityException e) {
            throw new DemoException("cannot make the key of the Kubernetes API in " + file, e);
        }
    }

    private static List<String> keytool(Path file, String address) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "api",
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-dname",
                "CN=kubernetes",
                "-ext",
                "san=ip:" + address,
                "-validity",
                "30",
                "-storetype",
                "PKCS12",
                "-keystore",
                file.toString(),
                "-storepass",
                PASSWORD);
    }

    private static String pem(Path file) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD.toCharArray());
        }
        Base64.Encoder lines = Base64.getMimeEncoder(64, new byte[] {'\n'});
        return "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"
                .formatted(lines.encodeToString(store.getCertificate("api").getEncoded()));
    }
}
