#!/usr/bin/perl
# A surge of callers: opens TOTAL tickets in Request Tracker, RATE a second, beside its web server and by its own API.
# Each is a database transaction of its own, and is printed by its number once it is there.
use strict;
use warnings;
use lib '/usr/share/request-tracker5/lib';
use RT -init;
use MIME::Entity;
use Time::HiRes qw(sleep time);

my ($rate, $total) = @ARGV;
my $begun = time;
$| = 1;

sub opened {
    my ($number) = @_;
    my $text = MIME::Entity->build(Type => 'text/plain', Charset => 'UTF-8', Data => [sprintf('Key ID %08X', $number)]);
    my $ticket = RT::Ticket->new(RT->SystemUser);
    my ($id, undef, $said) = $ticket->Create(
        Queue     => 'Recovery',
        Subject   => "BitLocker $number",
        Requestor => sprintf('caller%02d@demo.example', $number % 50),
        Priority  => 20 * ($number % 5),
        MIMEObj   => $text,
        'CustomField-1' => sprintf('LT-%05d', $number),
    );
    die "callers: $said\n" unless $id;
    return $id;
}

for my $number (0 .. $total - 1) {
    # Never without a pause: the web server writes too, when a token was last used, and SQLite knows no queue.
    do { sleep(0.01) } while time - $begun < $number / $rate;
    print opened($number), "\n";
}
