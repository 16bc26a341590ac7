package dev.culvert.iptables;

import java.util.BitSet;
import java.util.List;

/**
 * Turns a chain of ours from what it is into what it should be with the fewest edits, so that rules
 * that stay keep their counters. One thread.
 *
 * <p>Deletions come first and go downwards, insertions go upwards: a number then always means a
 * rule that was there before the script. {@code iptables-nft-restore} 1.8.9 crashes on numbers of
 * rules that the same script inserted.
 */
final class ChainEdits {
    /** Beyond this the comparison costs more than writing the chain anew. */
    private static final long MAX_CELLS = 4_000_000;

    private final String chain;
    private final List<RuleHash> is;
    private final List<RenderedRule> wanted;

    /** By number, from 0: which of {@link #is} and {@link #wanted} are the same rule. */
    private final BitSet kept = new BitSet();

    private final BitSet present = new BitSet();

    private ChainEdits(String chain, List<RuleHash> is, List<RenderedRule> wanted) {
        this.chain = chain;
        this.is = is;
        this.wanted = wanted;
    }

    /** Writes the edits for a chain that exists. */
    static void write(
            RestoreScript script, String chain, List<RuleHash> is, List<RenderedRule> wanted) {
        ChainEdits edits = new ChainEdits(chain, is, wanted);
        if (edits.compare()) {
            edits.writeTo(script);
        } else {
            script.newChain(chain);
            wanted.forEach(rule -> script.append(chain, rule.line()));
        }
    }

    private boolean compare() {
        int head = 0;
        int most = Math.min(is.size(), wanted.size());
        while (head < most && same(head, head)) {
            keep(head, head);
            head++;
        }
        int tail = 0;
        while (tail < most - head && same(is.size() - 1 - tail, wanted.size() - 1 - tail)) {
            keep(is.size() - 1 - tail, wanted.size() - 1 - tail);
            tail++;
        }
        int rows = is.size() - head - tail;
        int columns = wanted.size() - head - tail;
        if ((long) rows * columns > MAX_CELLS) {
            return false;
        }
        keepLongest(head, rows, columns);
        return true;
    }

    /** The longest common subsequence of the middle parts, which begin at {@code head}. */
    private void keepLongest(int head, int rows, int columns) {
        int[][] length = new int[rows + 1][columns + 1];
        for (int i = rows - 1; i >= 0; i--) {
            for (int j = columns - 1; j >= 0; j--) {
                length[i][j] =
                        same(head + i, head + j)
                                ? length[i + 1][j + 1] + 1
                                : Math.max(length[i + 1][j], length[i][j + 1]);
            }
        }
        int i = 0;
        int j = 0;
        while (i < rows && j < columns) {
            if (same(head + i, head + j)) {
                keep(head + i++, head + j++);
            } else if (length[i + 1][j] >= length[i][j + 1]) {
                i++;
            } else {
                j++;
            }
        }
    }

    private boolean same(int old, int now) {
        return is.get(old).equals(wanted.get(now).hash());
    }

    private void keep(int old, int now) {
        kept.set(old);
        present.set(now);
    }

    private void writeTo(RestoreScript script) {
        for (int old = is.size() - 1; old >= 0; old--) {
            if (!kept.get(old)) {
                script.delete(chain, old + 1);
            }
        }
        int lastPresent = present.length() - 1;
        for (int now = 0; now < wanted.size(); now++) {
            if (present.get(now)) {
                continue;
            }
            if (now > lastPresent) {
                script.append(chain, wanted.get(now).line());
            } else {
                script.insert(chain, now + 1, wanted.get(now).line());
            }
        }
    }
}
