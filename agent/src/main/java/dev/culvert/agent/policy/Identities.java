package dev.culvert.agent.policy;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Short names for long identities, the same after a restart. Stateless, any thread. */
final class Identities {
    /** 64 bits: names of objects, which users choose, must not be made to collide. */
    private static final int BYTES = 8;

    private Identities() {}

    /** 16 hexadecimal digits. */
    static String hash(String identity) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(identity.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
