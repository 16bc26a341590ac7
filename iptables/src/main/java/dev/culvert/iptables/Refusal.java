package dev.culvert.iptables;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds out which line of a script a program refused, and says it in a sentence. Stateless, any
 * thread.
 *
 * <p>The programs tell it in three ways: {@code Error occurred at line: 3} for words that they do
 * not understand, {@code line 3 failed} and {@code line 3: RULE_APPEND failed (…)} for what the
 * kernel refused, and {@code Error in line 3: …} from ipset.
 */
final class Refusal {
    private static final Pattern LINE =
            Pattern.compile("(?:at line: |[Ll]ine |in line )(\\d+)(?=$|\\s|:)", Pattern.MULTILINE);
    private static final Pattern NO_CHAIN = Pattern.compile("Chain '([^']+)' does not exist");
    private static final String ADVICE = "Try `";

    private Refusal() {}

    static IptablesException of(String program, String script, IptablesCommand.Result result) {
        List<String> lines = script.lines().toList();
        int number = lineNumber(lines, result.error());
        String line = number == 0 ? "" : lines.get(number - 1);
        String said = said(result);
        String where =
                number == 0
                        ? "refused all of it"
                        : "refused all of it because of line %d, '%s'".formatted(number, line);
        return IptablesException.refused(
                "%s %s: %s%s".formatted(program, where, said, advice(line, said)), number, line);
    }

    private static int lineNumber(List<String> lines, String error) {
        Matcher unknown = NO_CHAIN.matcher(error);
        if (unknown.find()) {
            // Noticed only at the end of the table, which is the line that the program names.
            int user = user(lines, unknown.group(1));
            if (user > 0) {
                return user;
            }
        }
        Matcher matcher = LINE.matcher(error);
        if (!matcher.find()) {
            return 0;
        }
        int number = Integer.parseInt(matcher.group(1));
        return number <= lines.size() ? number : 0;
    }

    private static int user(List<String> lines, String chain) {
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i) + ' ';
            if (line.contains(" -j " + chain + ' ') || line.contains(" -g " + chain + ' ')) {
                return i + 1;
            }
        }
        return 0;
    }

    private static String said(IptablesCommand.Result result) {
        String said =
                String.join(
                        " ",
                        result.error()
                                .lines()
                                .map(String::strip)
                                .filter(line -> !line.isEmpty() && !line.startsWith(ADVICE))
                                .toList());
        return said.isEmpty() ? "it said nothing, status " + result.status() : said;
    }

    private static String advice(String line, String said) {
        if (line.equals("COMMIT") && !said.contains("does not exist")) {
            return ". The kernel refused the table without telling the rule: its log (dmesg) may."
                    + " Nothing of this table was changed";
        }
        if (said.contains("match-set") || said.contains("Set ")) {
            return ". A rule names a set that does not exist, or has other fields than the rule"
                    + " asks for";
        }
        if (said.contains("Couldn't load") || said.contains("Extension")) {
            return ". The kernel or this installation of iptables lacks a part that the rule needs";
        }
        return "";
    }
}
