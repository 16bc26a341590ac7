package dev.culvert.iptables;

import java.util.ArrayList;
import java.util.List;

/**
 * What {@code iptables-restore --noflush} reads: changes, table by table, each of which the kernel
 * takes whole or not at all. A table without changes leaves no line. One thread.
 */
final class RestoreScript {
    private final List<String> lines = new ArrayList<>();
    private int tableStart = -1;

    /** Begins a table. */
    void table(TableName name) {
        tableStart = lines.size();
        lines.add("*" + name.text());
    }

    /** Makes a chain; one that exists is emptied. */
    void newChain(String chain) {
        lines.add(":" + chain + " - [0:0]");
    }

    /** Adds at the end. */
    void append(String chain, String rule) {
        lines.add("-A " + chain + " " + rule);
    }

    /** Adds before the rule that has this number now, from 1. */
    void insert(String chain, int number, String rule) {
        lines.add("-I " + chain + " " + number + " " + rule);
    }

    /**
     * Removes the rule that has this number now, from 1. Only for chains that nobody else edits.
     */
    void delete(String chain, int number) {
        lines.add("-D " + chain + " " + number);
    }

    /** Removes the first rule that says this. */
    void delete(String chain, String rule) {
        lines.add("-D " + chain + " " + rule);
    }

    /** Removes all rules of a chain. */
    void flush(String chain) {
        lines.add("-F " + chain);
    }

    /** Removes a chain that is empty and to which no rule leads. */
    void deleteChain(String chain) {
        lines.add("-X " + chain);
    }

    /**
     * Ends the table.
     *
     * @return whether it has changes
     */
    boolean commit() {
        boolean changed = lines.size() > tableStart + 1;
        if (changed) {
            lines.add("COMMIT");
        } else {
            lines.removeLast();
        }
        return changed;
    }

    boolean isEmpty() {
        return lines.isEmpty();
    }

    /** How many lines. */
    int size() {
        return lines.size();
    }

    String text() {
        return String.join("\n", lines) + "\n";
    }
}
