package dev.culvert.charts;

import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** As much of PromQL as is needed to find the names in an expression. Immutable, any thread. */
record PromQl(String text) {
    private static final Pattern QUOTED = Pattern.compile("\"(\\\\.|[^\"\\\\])*\"");
    private static final Pattern BRACES = Pattern.compile("\\{([^}]*)}");
    private static final Pattern RANGE = Pattern.compile("\\[[^]]*]");
    private static final Pattern LABEL_LIST =
            Pattern.compile("\\b(by|without|on|ignoring|group_left|group_right)\\s*\\(([^)]*)\\)");
    private static final Pattern NAME = Pattern.compile("[a-zA-Z_:][a-zA-Z0-9_:]*+(?!\\s*\\()");
    private static final Pattern WORD = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_]*");
    private static final Set<String> KEYWORDS = Set.of("and", "or", "unless", "bool", "offset");

    private String withoutTexts() {
        return QUOTED.matcher(text).replaceAll("\"\"");
    }

    /** The metrics that it asks for. */
    Set<String> metrics() {
        String rest = BRACES.matcher(withoutTexts()).replaceAll("");
        rest = RANGE.matcher(rest).replaceAll("");
        rest = LABEL_LIST.matcher(rest).replaceAll(" ");
        Set<String> names = new TreeSet<>();
        Matcher matcher = NAME.matcher(rest);
        while (matcher.find()) {
            if (!KEYWORDS.contains(matcher.group())) {
                names.add(matcher.group());
            }
        }
        return names;
    }

    /** The labels that it selects or groups by. */
    Set<String> labels() {
        Set<String> labels = new TreeSet<>();
        Matcher braces = BRACES.matcher(withoutTexts());
        while (braces.find()) {
            addWords(braces.group(1), labels);
        }
        Matcher lists = LABEL_LIST.matcher(withoutTexts());
        while (lists.find()) {
            addWords(lists.group(2), labels);
        }
        return labels;
    }

    private static void addWords(String text, Set<String> words) {
        Matcher matcher = WORD.matcher(text);
        while (matcher.find()) {
            words.add(matcher.group());
        }
    }
}
