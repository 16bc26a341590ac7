package dev.culvert.iptables;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Says which {@link Rule} a rule in the kernel was made from. It travels in the rule's comment,
 * since the kernel shows a rule in other words than those it was made with. Immutable, any thread.
 *
 * @param text 16 hexadecimal digits
 */
public record RuleHash(String text) {
    private static final int DIGITS = 16;

    /** Begins the comment of every rule of ours. */
    static final String MARK = "culvert:";

    /** Of a rule that is not what any rule of ours should be. */
    static final RuleHash NONE = new RuleHash("");

    /** The hash of a rule's arguments and comment. */
    static RuleHash of(Rule rule) {
        MessageDigest digest = sha256();
        digest.update(Words.join(rule.arguments()).getBytes(StandardCharsets.UTF_8));
        digest.update((byte) '\n');
        digest.update(rule.comment().getBytes(StandardCharsets.UTF_8));
        return new RuleHash(HexFormat.of().formatHex(digest.digest(), 0, DIGITS / 2));
    }

    /** What a comment says, or null if it is not one of ours. */
    static @Nullable RuleHash inComment(String comment) {
        int end = MARK.length() + DIGITS;
        if (!comment.startsWith(MARK) || comment.length() < end) {
            return null;
        }
        return new RuleHash(comment.substring(MARK.length(), end));
    }

    /** A comment with this hash and words for people. */
    String comment(String words) {
        return words.isEmpty() ? MARK + text : MARK + text + ' ' + words;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }

    @Override
    public String toString() {
        return text;
    }
}
