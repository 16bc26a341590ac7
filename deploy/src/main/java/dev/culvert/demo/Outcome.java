package dev.culvert.demo;

/**
 * How one probe ended.
 *
 * @param good whether all of it held
 * @param detail what went wrong, or an empty text
 */
record Outcome(boolean good, String detail) {
    static Outcome success() {
        return new Outcome(true, "");
    }

    static Outcome failure(String detail) {
        return new Outcome(false, detail);
    }

    /** Judges a receiver's answer, which is the digest and the sender's address as it saw it. */
    static Outcome ofAnswer(String answer, String digest, Endpoint sender) {
        String[] words = answer.split(" ", -1);
        if (words.length != 2) {
            return failure("the receiver answered '" + answer + "'");
        }
        if (!words[0].equals(digest)) {
            return failure("the receiver got other bytes than were sent");
        }
        if (!sender.mayAppearAs(words[1])) {
            return failure("the receiver saw " + words[1] + " as the sender");
        }
        return success();
    }
}
