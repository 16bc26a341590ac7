package dev.culvert.iptables;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One rule: what a packet must be like, and what then happens to it, in the words of {@code
 * iptables}, without chain and table. Immutable, any thread. {@link #matching} builds one by name,
 * {@link #parse} takes the words themselves. Long names of general options become the short ones,
 * so that two ways to write a rule are equal.
 *
 * @param arguments words such as {@code -s 10.0.0.0/8 -j ACCEPT}
 * @param comment for people, may be empty; the programs show it behind the hash
 * @see <a href="https://man7.org/linux/man-pages/man8/iptables.8.html">iptables(8)</a>
 * @see <a
 *     href="https://man7.org/linux/man-pages/man8/iptables-extensions.8.html">iptables-extensions(8)</a>
 */
public record Rule(List<String> arguments, String comment) {
    /** {@code XT_MAX_COMMENT_LEN} less the final zero and what the hash takes. */
    private static final int MAX_COMMENT = 200;

    /** The programs take 255 words a line, some of which the driver adds. */
    private static final int MAX_WORDS = 240;

    /** The programs of version 1.8 take no longer word. */
    private static final int MAX_WORD = 1000;

    private static final Map<String, String> SHORT =
            Map.ofEntries(
                    Map.entry("--source", "-s"),
                    Map.entry("--src", "-s"),
                    Map.entry("--destination", "-d"),
                    Map.entry("--dst", "-d"),
                    Map.entry("--protocol", "-p"),
                    Map.entry("--proto", "-p"),
                    Map.entry("--in-interface", "-i"),
                    Map.entry("--out-interface", "-o"),
                    Map.entry("--match", "-m"),
                    Map.entry("--jump", "-j"),
                    Map.entry("--goto", "-g"),
                    Map.entry("--fragment", "-f"));

    /** Would make a line do something else than describe a rule. */
    private static final Set<String> COMMANDS =
            Set.of("-A", "-C", "-D", "-E", "-F", "-I", "-L", "-N", "-P", "-R", "-S", "-X", "-Z");

    /**
     * Normalises and checks.
     *
     * @throws IllegalArgumentException naming the word that cannot be part of one rule
     */
    public Rule {
        arguments = normalise(arguments);
        comment = readable(comment);
        check(arguments);
    }

    /** A rule in plain words, for example {@code Rule.of("-p", "tcp", "-j", "ACCEPT")}. */
    public static Rule of(String... arguments) {
        return new Rule(List.of(arguments), "");
    }

    /**
     * A rule in one line, as in {@code -p tcp -m comment --comment "two words" -j ACCEPT}.
     *
     * @throws IllegalArgumentException naming the line, if a quote is not closed
     */
    public static Rule parse(String line) {
        return new Rule(Words.split(line), "");
    }

    /** Begins a rule that matches every packet. */
    public static RuleBuilder matching() {
        return new RuleBuilder();
    }

    /** The same with a comment for people. */
    public Rule withComment(String words) {
        return new Rule(arguments, words);
    }

    /** What it is recognised by. */
    public RuleHash hash() {
        return RuleHash.of(this);
    }

    /** The line for the restore program, with hash and comment in front of the target. */
    String line() {
        List<String> words = new ArrayList<>(arguments);
        int target = target(arguments);
        words.addAll(target, List.of("-m", "comment", "--comment", hash().comment(comment)));
        return Words.join(words);
    }

    private static int target(List<String> words) {
        for (int i = 0; i < words.size(); i++) {
            if (words.get(i).equals("-j") || words.get(i).equals("-g")) {
                return i;
            }
        }
        return words.size();
    }

    private static List<String> normalise(List<String> words) {
        return words.stream().map(word -> SHORT.getOrDefault(word, word)).toList();
    }

    /** Without what the programs would have to quote in a way of their own. */
    private static String readable(String comment) {
        String clean = comment.replaceAll("[^ -~]|[\"'\\\\`$]", "_").strip();
        return clean.length() > MAX_COMMENT ? clean.substring(0, MAX_COMMENT) : clean;
    }

    private static void check(List<String> words) {
        if (words.size() > MAX_WORDS) {
            throw new IllegalArgumentException(
                    "a rule has at most %d words, this one has %d: %s"
                            .formatted(MAX_WORDS, words.size(), Words.join(words)));
        }
        for (int i = 0; i < words.size(); i++) {
            checkWord(words, i);
        }
    }

    private static void checkWord(List<String> words, int index) {
        String word = words.get(index);
        boolean strange = word.chars().anyMatch(c -> c < ' ' || c == 0x7f);
        if (word.isEmpty() || strange || word.length() > MAX_WORD) {
            throw refused(words, "contains an empty or overlong word or a control character");
        }
        if (COMMANDS.contains(word) || word.equals("-t") || word.equals("--table")) {
            throw refused(words, "contains '" + word + "', which is a command, no part of a rule");
        }
        if (index > 0 && (words.get(index - 1).equals("-s") || words.get(index - 1).equals("-d"))) {
            checkAddress(words, word);
        }
    }

    /** Names and lists are taken by the programs too, but become several rules. */
    private static void checkAddress(List<String> words, String address) {
        boolean numeric =
                address.chars().allMatch(c -> Character.digit(c, 16) >= 0 || ".:/".indexOf(c) >= 0);
        if (!numeric) {
            throw refused(words, "has '%s' where one address belongs".formatted(address));
        }
    }

    private static IllegalArgumentException refused(List<String> words, String why) {
        return new IllegalArgumentException("the rule '" + Words.join(words) + "' " + why);
    }
}
