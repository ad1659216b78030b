"""The file that the tests open: short, with something of everything, and an emoji before a name."""

REWARD = """rewardlang 1
reward letters version "1.0.0"

# Notes of the
# marking board.
column topic: text because "what the letter is about"
param bonus: number between 0 and 1 = 0.5
list greetings = ["Dear", "Hello"]
pattern year like "{y:integer} AD"
define short(x: text) = count of word in x is less than 50

let body = only <letter> in completion

require body is present else score -1 because "one letter"

section content
rule named: award 2 points when body contains topic
  because "a letter says what it is about"
rule dated: award 0.5 points for each distinct year in body, up to 1

section form at least -1
rule greeted: award bonus when some greeting in greetings where body starts with greeting
rule brief: deduct 1 point when not short(body)

score between -2 and 4
success when body contains topic

example "🎉 a good letter" with topic = "rain"
  model writes "<letter>Dear all, rain in 1066 AD</letter>"
  expect score = 3
  expect named = 2

attack "nothing in it" with topic = "rain"
  model writes "<letter>🎉</letter>"
  expect score at most 0
"""
