package dev.culvert.iptables;

import java.io.IOException;
import java.util.List;

/**
 * Runs one of the programs {@code iptables-…-save}, {@code iptables-…-restore}, {@code ipset} and
 * {@code nft}: the one door to the kernel of this package. One call at a time.
 */
public interface IptablesCommand {

    /**
     * How a program ended.
     *
     * @param status its exit status
     * @param output what it printed
     * @param error what it complained of
     */
    record Result(int status, String output, String error) {}

    /**
     * Runs a program and waits for its end.
     *
     * @param words the program's name and its arguments
     * @param input what it reads
     * @throws IOException if it cannot be started or does not end, with a sentence that says so
     */
    Result run(List<String> words, String input) throws IOException;
}
