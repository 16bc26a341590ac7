package dev.culvert.iptables;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A rule as the kernel shows it. Immutable, any thread.
 *
 * @param text the words behind the chain's name, as they were printed
 * @param target the chain or action it leads to, empty if it only counts
 * @param hash which rule of ours it was made from, null if it is somebody else's
 */
record SavedRule(String text, String target, @Nullable RuleHash hash) {

    static SavedRule parse(String text) {
        List<String> words = Words.split(text);
        String target = "";
        RuleHash hash = null;
        for (int i = 0; i + 1 < words.size(); i++) {
            switch (words.get(i)) {
                case "-j", "-g" -> target = words.get(i + 1);
                case "--comment" -> hash = first(hash, RuleHash.inComment(words.get(i + 1)));
                default -> {}
            }
        }
        return new SavedRule(text, target, hash);
    }

    private static @Nullable RuleHash first(@Nullable RuleHash one, @Nullable RuleHash other) {
        return one == null ? other : one;
    }

    /** The same rule when its words are not what its hash promises. */
    SavedRule tamperedWith() {
        return new SavedRule(text, target, RuleHash.NONE);
    }

    /** The rule of ours that it is, if any. */
    RuleHash identity() {
        return hash == null ? RuleHash.NONE : hash;
    }

    boolean isOurs() {
        return hash != null;
    }
}
